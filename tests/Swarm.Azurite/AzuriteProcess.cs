using System.Diagnostics;
using System.Text.RegularExpressions;
using Swarm.Storage.Blobs;

namespace Swarm.Azurite;

/// <summary>Azurite, Azure Blob Storage's emulator, as a child process. For tests and demos on one machine only.</summary>
/// <remarks>
/// It listens on a free loopback port and ends when this process ends, however it ends: it watches its standard input.
/// Needs Node.js 20 or later on the PATH; Azurite itself is installed by npm from the lock file beside the launcher.
/// </remarks>
public sealed partial class AzuriteProcess : IAsyncDisposable
{
    // The emulator's fixed account, published in its documentation; it protects nothing.
    private const string AccountName = "devstoreaccount1";
    private const string AccountKey =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const string Launcher = "launcher.mjs";
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private AzuriteProcess(Process process, Uri endpoint)
    {
        _process = process;
        Endpoint = endpoint;
    }

    /// <summary>Address of its blob service, without the account.</summary>
    public Uri Endpoint { get; }

    /// <summary>Id of the process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Connection string for <c>AzureBlobStore.Connect</c>.</summary>
    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={AccountName};AccountKey={AccountKey};"
        + $"BlobEndpoint={Endpoint.GetLeftPart(UriPartial.Authority)}/{AccountName};";

    /// <summary>Installs Azurite where it is missing, starts it, and waits until it listens.</summary>
    /// <param name="dataFolder">
    /// Where it keeps its data; made where missing, not removed. <see langword="null"/> to keep it in memory alone: Azurite then does
    /// not stand still every 5 s, for as long as it takes to write its catalogue of blobs down.
    /// </param>
    /// <param name="launcherFolder">
    /// Folder of <c>launcher.mjs</c>; where <see langword="null"/>, <c>deploy/azurite</c> of the repository around this
    /// program.
    /// </param>
    /// <param name="cancellationToken">Stops waiting, and ends the process.</param>
    /// <exception cref="BlobStoreException">It cannot be installed or started; the message holds its last lines.</exception>
    public static async Task<AzuriteProcess> StartAsync(
        string? dataFolder, string? launcherFolder = null, CancellationToken cancellationToken = default)
    {
        string[] location = ["--memory"];
        if (dataFolder is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(dataFolder);
            Directory.CreateDirectory(dataFolder);
            location = ["--location", Path.GetFullPath(dataFolder)];
        }

        var launcher = launcherFolder ?? NodePackage.Find("deploy/azurite", Launcher);
        await NodePackage.EnsureAsync(launcher, "azurite", cancellationToken).ConfigureAwait(false);
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = launcher,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Launcher);
        Array.ForEach(location, start.ArgumentList.Add);
        var output = new ProcessOutput();
        var listens = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) =>
        {
            output.Add(line.Data);
            if (line.Data is not null && ListensOn().Match(line.Data) is { Success: true } match)
            {
                listens.TrySetResult(new Uri(match.Groups[1].Value));
            }
        };
        process.ErrorDataReceived += (_, line) => output.Add(line.Data);
        process.Exited += (_, _) => listens.TrySetException(Fault("ended before it listened", output));
        NodePackage.Start(process);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            var endpoint = await listens.Task.WaitAsync(StartTime, cancellationToken).ConfigureAwait(false);
            return new AzuriteProcess(process, endpoint);
        }
        catch (Exception exception)
        {
            await StopAsync(process).ConfigureAwait(false);
            throw exception is TimeoutException
                ? Fault($"did not listen within {StartTime.TotalSeconds:0} s", output)
                : exception;
        }
    }

    /// <summary>Ends it, gently at first.</summary>
    public ValueTask DisposeAsync() => StopAsync(_process);

    private static async ValueTask StopAsync(Process process)
    {
        using (process)
        {
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(StopTime);
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private static BlobStoreException Fault(string what, ProcessOutput output) =>
        new($"Azurite {what}. Its last lines: {output}", isTransient: false);

    [GeneratedRegex(@"listens on (http://127\.0\.0\.1:[0-9]+)")]
    private static partial Regex ListensOn();
}
