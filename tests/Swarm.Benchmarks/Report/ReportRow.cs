using System.Text.Json.Serialization;

namespace Swarm.Benchmarks.Report;

/// <summary>One line of the report: a path against its reference, measured in the same run on the same bytes.</summary>
/// <param name="Name">Name of the path.</param>
/// <param name="Value">What the path reached: the median, in <paramref name="Unit"/>.</param>
/// <param name="Unit">Unit of the value.</param>
/// <param name="Reference">What it is measured against.</param>
/// <param name="Ratio">Median of the rounds' ratios: 1 is as fast as the reference, 2 twice as fast.</param>
/// <param name="Spread">Largest less smallest of the rounds' ratios, as a share of the median.</param>
/// <param name="N">Rounds.</param>
/// <param name="Goal">The least ratio that is wanted; <see langword="null"/> where none is named.</param>
public sealed record ReportRow(
    string Name, double Value, string Unit, string Reference, double Ratio, double Spread, int N, [property: JsonIgnore] double? Goal)
{
    /// <summary>Whether the goal is missed.</summary>
    [JsonIgnore]
    public bool IsMissed => Ratio < Goal;
}
