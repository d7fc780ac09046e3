using System.Diagnostics;

namespace Swarm.Benchmarks.Report;

/// <summary>Times a path and its reference in turn, so that whatever slows the machine slows both.</summary>
/// <param name="rounds">Rounds that count; one more goes before them.</param>
internal sealed class Comparison(int rounds)
{
    /// <summary>Measures.</summary>
    /// <param name="name">Name of the row.</param>
    /// <param name="reference">Name of the reference.</param>
    /// <param name="bytes">Bytes that each of both moves in a round.</param>
    /// <param name="goal">The least ratio that is wanted.</param>
    /// <param name="referenceAsync">The reference; says how long it took, with nothing else in it.</param>
    /// <param name="pathAsync">The path; the same.</param>
    /// <returns>The row, in GiB/s.</returns>
    public async Task<ReportRow> MeasureAsync(
        string name, string reference, long bytes, double goal, Func<Task<TimeSpan>> referenceAsync, Func<Task<TimeSpan>> pathAsync)
    {
        var ratios = new List<double>();
        var speeds = new List<double>();
        for (var round = -1; round < rounds; round++)
        {
            var plain = await referenceAsync();
            var ours = await pathAsync();
            if (round >= 0)
            {
                ratios.Add(plain / ours);
                speeds.Add(bytes / ours.TotalSeconds / (1 << 30));
            }
        }

        var ratio = Median(ratios);
        return new ReportRow(name, Median(speeds), "GiB/s", reference, ratio, (ratios.Max() - ratios.Min()) / ratio, rounds, goal);
    }

    /// <summary>Times one piece of work.</summary>
    public static async Task<TimeSpan> TimeAsync(Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values.Count % 2 == 1
            ? values[values.Count / 2]
            : (values[(values.Count / 2) - 1] + values[values.Count / 2]) / 2;
    }
}
