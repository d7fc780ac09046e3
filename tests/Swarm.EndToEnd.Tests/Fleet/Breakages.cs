using System.Collections.Concurrent;
using System.Diagnostics;

namespace Swarm.EndToEnd.Tests.Fleet;

/// <summary>What a test has broken, and for how long. Thread-safe.</summary>
internal sealed class Breakages
{
    /// <summary>After a silo is well again, its contexts may still be on their way to other silos.</summary>
    private static readonly long _siloAfter = 8 * Stopwatch.Frequency;

    private readonly ConcurrentQueue<(string Process, long From, Task<long> Until)> _processes = new();
    private readonly ConcurrentQueue<(long From, Task<long> Until)> _silos = new();

    /// <summary>A process was killed.</summary>
    public void Killed(string process) => _processes.Enqueue((process, Stopwatch.GetTimestamp(), Task.FromResult(long.MaxValue)));

    /// <summary>A process stands still, or one of its links is cut, until a task ends.</summary>
    /// <returns>The task.</returns>
    public Task Disturbed(string process, Task until)
    {
        _processes.Enqueue((process, Stopwatch.GetTimestamp(), EndAsync(until)));
        return until;
    }

    /// <summary>A silo is gone or stands still until a task ends.</summary>
    /// <returns>The task.</returns>
    public Task Silo(Task until)
    {
        _silos.Enqueue((Stopwatch.GetTimestamp(), EndAsync(until)));
        return until;
    }

    /// <summary>Whether a process was well all the time.</summary>
    public bool IsWell(string process, long from, long until) =>
        !_processes.Any(item => item.Process == process && item.From <= until && EndOf(item.Until) >= from);

    /// <summary>Whether all silos were, and had been for a while.</summary>
    public bool AreSilosWell(long from, long until) => !_silos.Any(item => item.From <= until && EndOf(item.Until) + _siloAfter >= from);

    private static long EndOf(Task<long> until) => until.IsCompletedSuccessfully ? Math.Min(until.Result, long.MaxValue - _siloAfter) : long.MaxValue - _siloAfter;

    private static async Task<long> EndAsync(Task until)
    {
        await until.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Stopwatch.GetTimestamp();
    }
}
