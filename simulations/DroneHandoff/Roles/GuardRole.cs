using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DroneHandoff.Roles;

/// <summary>Runs another program and ends it when the own standard input closes, as it does when the parent dies.</summary>
internal static class GuardRole
{
    private const int Terminate = 15;
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    /// <summary>Runs a program until it ends or the standard input does.</summary>
    /// <param name="command">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(string command, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardInput = true })
            ?? throw new InvalidOperationException($"'{command}' did not start.");
        var parentGone = Task.Run(() =>
        {
            while (Console.In.Read() >= 0)
            {
                // Nothing is said on this pipe: only its end counts.
            }
        });
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(ended, parentGone) != ended)
        {
            await StopAsync(process, ended);
        }

        return process.ExitCode;
    }

    private static async Task StopAsync(Process process, Task ended)
    {
        if (OperatingSystem.IsWindows() || Signal(process.Id, Terminate) != 0)
        {
            process.Kill();
        }

        try
        {
            await ended.WaitAsync(StopTime);
        }
        catch (TimeoutException)
        {
            process.Kill();
            await ended;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int processId, int signal);
}
