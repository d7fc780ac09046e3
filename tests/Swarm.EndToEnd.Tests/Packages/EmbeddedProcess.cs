using System.Diagnostics;
using System.Text;
using Xunit;

namespace Swarm.EndToEnd.Tests.Packages;

/// <summary>A .NET host in a process of its own, from the moment when it says that it has started.</summary>
internal sealed class EmbeddedProcess : IAsyncDisposable
{
    private readonly Process _process;

    private EmbeddedProcess(Process process) => _process = process;

    /// <summary>Starts one and waits until it has started.</summary>
    /// <param name="dll">Its assembly.</param>
    public static async Task<EmbeddedProcess> StartAsync(string dll)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", dll]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var output = new StringBuilder();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.Exited += (_, _) => started.TrySetException(new InvalidOperationException($"{dll} ended:\n{Text()}"));
        process.Start();
        var embedded = new EmbeddedProcess(process);
        try
        {
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            await started.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            return embedded;
        }
        catch
        {
            await embedded.DisposeAsync();
            throw;
        }

        void Note(string? line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }

            if (line?.Contains("Application started.", StringComparison.Ordinal) == true)
            {
                started.TrySetResult();
            }
        }

        string Text()
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
