namespace DroneHandoff.Outcome;

/// <summary>What streaming costs a step.</summary>
/// <param name="AloneMs">Median step of the twin, without Swarm, in milliseconds.</param>
/// <param name="WithSwarmMs">Median step of the predecessor, in milliseconds.</param>
/// <param name="Ratio">
/// The predecessor's median step over the twin's, turn by turn, and the median of that: a machine that is faster now and slower
/// then counts alike for both.
/// </param>
internal sealed record StepTimes(double AloneMs, double WithSwarmMs, double Ratio)
{
    /// <summary>Compares step times.</summary>
    /// <param name="turns">Times of each turn's steps, in milliseconds: the predecessor's, and the twin's right after it.</param>
    /// <returns>The comparison; not-a-number without turns.</returns>
    public static StepTimes Compare(IReadOnlyList<(double[] WithSwarm, double[] Alone)> turns) => new(
        Median(turns.SelectMany(turn => turn.Alone)),
        Median(turns.SelectMany(turn => turn.WithSwarm)),
        Median(turns.Select(turn => Median(turn.WithSwarm) / Median(turn.Alone))));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0
            ? double.NaN
            : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
