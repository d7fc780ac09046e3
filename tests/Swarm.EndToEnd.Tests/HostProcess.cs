using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>A silo in a process of its own, as it runs in production.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private HostProcess(Process process) => _process = process;

    /// <summary>Where agents connect.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Where their data goes, <c>host:port</c>.</summary>
    public string DataPlane { get; private set; } = "";

    /// <summary>Where its health is told, a base address.</summary>
    public Uri Health { get; private set; } = null!;

    /// <summary>Where other silos connect, <c>host:port</c>.</summary>
    public string Silo { get; private set; } = "";

    /// <summary>Called with each line of its log as it is read, on a thread of the pool.</summary>
    public Action<string>? LineRead { get; set; }

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>Completes with the exit code when the process is gone.</summary>
    public Task<int> Exited { get; private set; } = Task.FromResult(-1);

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts one on free loopback ports and waits until it says that it is ready.</summary>
    public static Task<HostProcess> StartAsync(params string[] settings) => StartWithAsync([], settings);

    /// <summary>Starts one that may open so many files at a time.</summary>
    public static Task<HostProcess> StartWithFilesAsync(int files, params string[] settings) =>
        StartWithAsync(["/bin/sh", "-c", $"ulimit -n {files} && exec \"$@\"", "sh"], settings);

    /// <summary>Starts one by a command that becomes the silo's process.</summary>
    /// <param name="launcher">The command; empty for none.</param>
    /// <param name="settings">The silo's arguments.</param>
    public static Task<HostProcess> StartWithAsync(string[] launcher, params string[] settings) =>
        StartProgramAsync([.. launcher, "dotnet", "exec", Programs.PathOf("src/Swarm.Host")], settings);

    /// <summary>Starts one by another program than the host.</summary>
    /// <param name="program">The program, and what it takes before the silo's arguments.</param>
    /// <param name="settings">The silo's arguments.</param>
    public static async Task<HostProcess> StartProgramAsync(string[] program, params string[] settings)
    {
        var start = new ProcessStartInfo(
            program[0],
            [
                .. program[1..],
                "--ready-json",
                "--Swarm:Endpoints:Address=127.0.0.1", "--Swarm:Endpoints:Gateway=0", "--Swarm:Endpoints:Silo=0",
                "--Swarm:Endpoints:DataPlane=0", "--Swarm:Endpoints:Http=0", "--Logging:LogLevel:Default=Warning",
                .. settings,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        Programs.CompileOnce(start);
        var host = new HostProcess(new Process { StartInfo = start });
        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        host._process.OutputDataReceived += (_, line) =>
        {
            host.Keep(line.Data);
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException($"The silo ended:\n{host.Output}"));
            }
            else if (line.Data.StartsWith('{') && line.Data.Contains("\"gateway\"", StringComparison.OrdinalIgnoreCase))
            {
                ready.TrySetResult(line.Data);
            }
        };
        host._process.ErrorDataReceived += (_, line) => host.Keep(line.Data);
        try
        {
            host._process.Start();
            host.Exited = host.WaitForExitAsync();
            host._process.BeginOutputReadLine();
            host._process.BeginErrorReadLine();
            using var report = JsonDocument.Parse(
                await ready.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
            host.Address = "swarm://" + report.RootElement.GetProperty("gateway").GetString();
            host.Health = new Uri(report.RootElement.GetProperty("health").GetString()!);
            host.Silo = report.RootElement.GetProperty("silo").GetString()!;
            host.DataPlane = report.RootElement.GetProperty("dataPlane").GetString()!;
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it has printed a text.</summary>
    /// <param name="text">The text, on one line.</param>
    /// <param name="count">How many lines of it are waited for.</param>
    /// <returns>The last of them.</returns>
    public async Task<string> WaitForLineAsync(string text, int count = 1)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            var found = Output.Split('\n').Where(line => line.Contains(text, StringComparison.Ordinal)).ToArray();
            if (found.Length >= count)
            {
                return found[count - 1].TrimEnd();
            }

            Assert.False(limit.IsCancellationRequested, $"'{text}' is not in the log:\n{Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    /// <summary>Waits until the process is gone, for a minute at most.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="TimeoutException">It still runs; the message has what it printed.</exception>
    public async Task<int> WaitForEndAsync()
    {
        try
        {
            return await Exited.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The silo, process {Id}, still runs after a minute. It printed:\n{Output}");
        }
    }

    /// <summary>The most memory that it ever had resident, in bytes.</summary>
    public long PeakResidentBytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status")
            .Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
        {
            _process.Kill();
        }

        await Exited; // Whoever waits has the exit code before the process is let go.
        _process.Dispose();
    }

    private async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None);
        return _process.ExitCode;
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            LineRead?.Invoke(line);
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
