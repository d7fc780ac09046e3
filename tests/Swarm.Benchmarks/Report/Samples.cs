namespace Swarm.Benchmarks.Report;

/// <summary>Times of a path and of its reference, round by round.</summary>
internal sealed class Samples
{
    private readonly List<(TimeSpan Reference, TimeSpan Path)> _rounds = [];

    /// <summary>Adds a round.</summary>
    public void Add(TimeSpan reference, TimeSpan path) => _rounds.Add((reference, path));

    /// <summary>The row of a path that moves bytes: GiB/s, and how many times as fast as the reference.</summary>
    public ReportRow Speed(string name, string reference, long bytes, Goal? goal) =>
        Row(name, path => bytes / path.TotalSeconds / (1 << 30), "GiB/s", reference, round => round.Reference / round.Path, goal);

    /// <summary>The row of a path that is waited for: milliseconds, and how many times sooner than the reference.</summary>
    public ReportRow Sooner(string name, string reference, Goal? goal) =>
        Row(name, path => path.TotalMilliseconds, "ms", reference, round => round.Reference / round.Path, goal);

    /// <summary>The row of a cost: milliseconds, and how many times the reference's.</summary>
    public ReportRow Cost(string name, string reference, Goal? goal) =>
        Row(name, path => path.TotalMilliseconds, "ms", reference, round => round.Path / round.Reference, goal);

    /// <summary>The row of what a path costs more at another size: its median there, less what the reference costs more, against its median here.</summary>
    public ReportRow Growth(string name, string reference, Samples larger, Goal? goal)
    {
        var (path, pathThere) = (Median(_rounds.Select(round => round.Path.TotalMilliseconds)), Median(larger._rounds.Select(round => round.Path.TotalMilliseconds)));
        var more = Median(larger._rounds.Select(round => round.Reference.TotalMilliseconds)) - Median(_rounds.Select(round => round.Reference.TotalMilliseconds));
        return new ReportRow(name, pathThere - more, "ms", reference, (pathThere - more) / path, 0, _rounds.Count, goal) { ReferenceValue = path };
    }

    /// <summary>The middle of some values.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The value that a share of all does not exceed.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    private ReportRow Row(
        string name,
        Func<TimeSpan, double> valueOf,
        string unit,
        string reference,
        Func<(TimeSpan Reference, TimeSpan Path), double> ratioOf,
        Goal? goal)
    {
        double[] ratios = [.. _rounds.Select(ratioOf)];
        var ratio = Median(ratios);
        return new ReportRow(
            name,
            Median(_rounds.Select(round => valueOf(round.Path))),
            unit,
            reference,
            ratio,
            (ratios.Max() - ratios.Min()) / ratio,
            ratios.Length,
            goal)
        {
            ReferenceValue = Median(_rounds.Select(round => valueOf(round.Reference))),
        };
    }
}
