using System.Diagnostics;
using System.Globalization;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Sends signals to processes that a test started.</summary>
internal static class Signals
{
    /// <summary>Ends a process; nothing of it runs any more.</summary>
    public const string Kill = "KILL";

    /// <summary>Asks a process to end.</summary>
    public const string Terminate = "TERM";

    /// <summary>Stops a process where it is.</summary>
    public const string Stop = "STOP";

    /// <summary>Lets a stopped process go on.</summary>
    public const string Continue = "CONT";

    /// <summary>Sends one, and waits until it was sent.</summary>
    public static async Task SendAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", [$"-{signal}", processId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
