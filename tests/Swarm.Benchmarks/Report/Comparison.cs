using System.Diagnostics;

namespace Swarm.Benchmarks.Report;

/// <summary>Times paths and their reference in turn, so that whatever slows the machine slows all.</summary>
internal static class Comparison
{
    /// <summary>Measures one path.</summary>
    /// <param name="rounds">Rounds that count; one more goes before them.</param>
    /// <param name="referenceAsync">The reference; says how long it took, with nothing else in it.</param>
    /// <param name="pathAsync">The path; the same.</param>
    public static async Task<Samples> MeasureAsync(int rounds, Func<Task<TimeSpan>> referenceAsync, Func<Task<TimeSpan>> pathAsync)
    {
        var samples = new Samples();
        for (var round = -1; round < rounds; round++)
        {
            var reference = await referenceAsync();
            var path = await pathAsync();
            if (round >= 0)
            {
                samples.Add(reference, path);
            }
        }

        return samples;
    }

    /// <summary>Times one piece of work.</summary>
    public static async Task<TimeSpan> TimeAsync(Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started);
    }
}
