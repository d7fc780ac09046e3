using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace DroneHandoff.Processes;

/// <summary>A process that the demo started: lines in, lines out, its log in a file, and its end by id.</summary>
/// <remarks>
/// The child is expected to end when its standard input closes, which the system does for it when this process dies.
/// </remarks>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StreamWriter _log;
    private readonly Lock _logGate = new();
    private int _isDisposed;

    private ChildProcess(string name, Process process, string logPath, bool logsOutput)
    {
        Name = name;
        LogPath = logPath;
        _process = process;
        _log = new StreamWriter(logPath) { AutoFlush = true };
        _process.OutputDataReceived += (_, line) => OnOutput(line.Data, logsOutput);
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
    }

    /// <summary>Name for messages.</summary>
    public string Name { get; }

    /// <summary>File with what the process wrote on its standard error.</summary>
    public string LogPath { get; }

    /// <summary>Lines that the process writes on its standard output; completes at its end.</summary>
    public ChannelReader<string> Lines => _lines.Reader;

    /// <summary>Starts a process.</summary>
    /// <param name="name">Name for messages and for the log.</param>
    /// <param name="folder">Where the log goes.</param>
    /// <param name="command">The executable.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="logsOutput">Whether its standard output goes to the log too, and not to <see cref="Lines"/>.</param>
    /// <returns>The running process.</returns>
    public static ChildProcess Start(
        string name, RunFolder folder, string command, IEnumerable<string> arguments, bool logsOutput = false)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(command, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        // Memory in 2 MiB pages for all alike, the twin too: first touch of a page costs as much as a small step otherwise.
        process.StartInfo.Environment.TryAdd("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
        var child = new ChildProcess(name, process, folder.Combine($"{name}.log"), logsOutput);
        try
        {
            process.Start();
        }
        catch (Exception fault) when (fault is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            child._log.Dispose();
            process.Dispose();
            throw new DemoException($"'{command}' could not be started as {name}: {fault.Message}", fault);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Writes a line on the process's standard input.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when the line was handed over.</returns>
    /// <exception cref="DemoException">The process is gone.</exception>
    public async Task WriteLineAsync(string line, CancellationToken cancellationToken)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
        }
        catch (IOException fault)
        {
            throw new DemoException($"{Name} is gone; its log is {LogPath}.", fault);
        }
    }

    /// <summary>Ends the process at once, as SIGKILL does, and waits until it is gone.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends with the process.</returns>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Ends the processes that this one started, as SIGKILL does, and waits until it has seen that and ended itself.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends with the process.</returns>
    /// <exception cref="DemoException">It has started none, or the system does not tell.</exception>
    public async Task KillChildrenAsync(CancellationToken cancellationToken)
    {
        foreach (var child in FindChildren())
        {
            using var process = Process.GetProcessById(child);
            process.Kill();
        }

        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Ends the process: by closing its standard input, and by force if it stays.</summary>
    /// <returns>A task that ends with the process.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        using (_process)
        {
            try
            {
                _process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It is gone, and what was still to be written with it.
            }

            using var patience = new CancellationTokenSource(StopTime);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
                await _process.WaitForExitAsync(CancellationToken.None);
            }

            lock (_logGate)
            {
                _log.Dispose();
            }
        }
    }

    /// <summary>How the process ended, for a message; empty while it runs.</summary>
    /// <returns>Its exit code in words.</returns>
    public string DescribeEnd() => _process.HasExited ? $" It ended with {_process.ExitCode}." : "";

    private int[] FindChildren()
    {
        try
        {
            int[] children =
            [
                .. Directory.EnumerateDirectories($"/proc/{_process.Id}/task")
                    .SelectMany(task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
            ];
            return children.Length > 0 ? children : throw new DemoException($"{Name} has started no process.{DescribeEnd()}");
        }
        catch (IOException fault)
        {
            throw new DemoException($"The processes that {Name} started are not known: {fault.Message}", fault);
        }
    }

    private void OnOutput(string? line, bool logsOutput)
    {
        if (logsOutput)
        {
            Log(line);
        }
        else if (line is null)
        {
            _lines.Writer.TryComplete();
        }
        else
        {
            _lines.Writer.TryWrite(line);
        }
    }

    private void Log(string? line)
    {
        lock (_logGate)
        {
            if (line is not null && _log.BaseStream is not null)
            {
                _log.WriteLine(line);
            }
        }
    }
}
