using System.Text.Json.Serialization;

namespace Swarm.Benchmarks.Report;

/// <summary>One line of the report: a path against its reference, measured in the same run on the same bytes.</summary>
/// <param name="Name">Name of the path.</param>
/// <param name="Value">What the path reached, in <paramref name="Unit"/>.</param>
/// <param name="Unit">Unit of the value.</param>
/// <param name="Reference">What it is measured against.</param>
/// <param name="Ratio">Median of the rounds' ratios: of speeds, or of costs where the goal is an upper bound.</param>
/// <param name="Spread">Largest less smallest of the rounds' ratios, as a share of the median.</param>
/// <param name="N">Rounds.</param>
/// <param name="Goal">What is wanted of the ratio; <see langword="null"/> where nothing is.</param>
internal sealed record ReportRow(
    string Name, double Value, string Unit, string Reference, double Ratio, double Spread, int N, Goal? Goal)
{
    /// <summary>What the reference reached, in <see cref="Unit"/>; 0 where it is not of that kind.</summary>
    public double ReferenceValue { get; init; }

    /// <summary>Whether the goal is missed.</summary>
    [JsonIgnore]
    public bool IsMissed => Goal?.IsMissedBy(Ratio) == true;
}
