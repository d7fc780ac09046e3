using System.Diagnostics;
using System.Globalization;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>A process of <c>Swarm.Storage.Tests.Worker</c>.</summary>
internal sealed class StoreWorker : IDisposable
{
    private readonly Process _process;

    private StoreWorker(Process process) => _process = process;

    /// <summary>Starts a worker and waits until it is ready.</summary>
    /// <param name="mode">What it does.</param>
    /// <param name="store">The store's folder.</param>
    /// <param name="count">How often, or how much.</param>
    /// <param name="maxFileKibibytes">Limits the size of any file that it writes, where not 0.</param>
    /// <param name="refusedCalls">Calls that the kernel refuses it, separated by commas.</param>
    /// <param name="refusedError">The error number that they answer.</param>
    public static async Task<StoreWorker> StartAsync(
        string mode, string store, int count, int maxFileKibibytes = 0, string refusedCalls = "", int refusedError = 0)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command =
        [
            host, Path.Combine(AppContext.BaseDirectory, "Swarm.Storage.Tests.Worker.dll"), mode, store,
            count.ToString(CultureInfo.InvariantCulture),
        ];
        if (maxFileKibibytes > 0)
        {
            // The signal is ignored, so that the limit is an error of the write, as a full disk is.
            command = ["bash", "-c", $"trap '' XFSZ; ulimit -f {maxFileKibibytes}; exec \"$@\"", "bash", .. command];
        }

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // It maps a file larger than the limit.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["SWARM_REFUSED_CALLS"] = refusedCalls;
        start.Environment["SWARM_REFUSED_ERROR"] = refusedError.ToString(CultureInfo.InvariantCulture);
        var worker = new StoreWorker(Process.Start(start)!);
        if (await worker.ReadLineAsync() != "ready")
        {
            throw new InvalidOperationException($"The worker '{mode}' did not become ready.");
        }

        return worker;
    }

    /// <summary>Lets it work.</summary>
    public void Go() => _process.StandardInput.WriteLine("go");

    /// <summary>Its next line; <see langword="null"/> at the end.</summary>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    /// <summary>All its further lines.</summary>
    public async Task<List<string>> ReadToEndAsync()
    {
        var lines = new List<string>();
        while (await ReadLineAsync() is { } line)
        {
            lines.Add(line);
        }

        await _process.WaitForExitAsync();
        return lines;
    }

    /// <summary>Ends it by SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
