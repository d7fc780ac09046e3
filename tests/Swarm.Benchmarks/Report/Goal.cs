namespace Swarm.Benchmarks.Report;

/// <summary>What a row's ratio is wanted to be.</summary>
/// <param name="Ratio">The bound.</param>
/// <param name="IsAtMost">Whether the ratio must not be over it; otherwise it must not be under it.</param>
internal sealed record Goal(double Ratio, bool IsAtMost)
{
    /// <summary>At least so much: the ratio is a speed against the reference's.</summary>
    public static Goal AtLeast(double ratio) => new(ratio, false);

    /// <summary>At most so much: the ratio is a cost against the reference's.</summary>
    public static Goal AtMost(double ratio) => new(ratio, true);

    /// <summary>Whether a ratio misses it.</summary>
    public bool IsMissedBy(double ratio) => IsAtMost ? ratio > Ratio : ratio < Ratio;
}
