using System.Globalization;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Times of one kind, and what is said of them.</summary>
/// <param name="name">What was measured.</param>
internal sealed class Latencies(string name)
{
    private readonly List<double> _seconds = [];

    /// <summary>How many there are.</summary>
    public int Count => _seconds.Count;

    /// <summary>The longest, in seconds.</summary>
    public double Max => _seconds.Count == 0 ? 0 : _seconds.Max();

    /// <summary>Adds one.</summary>
    public void Add(TimeSpan time) => _seconds.Add(time.TotalSeconds);

    /// <summary>The smallest time that a share of all does not exceed (nearest rank).</summary>
    public double Quantile(double share)
    {
        var sorted = _seconds.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1))];
    }

    /// <summary>The figures.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{name}: n {Count}, p50 {Quantile(0.5):0.000} s, p95 {Quantile(0.95):0.000} s, p99 {Quantile(0.99):0.000} s, max {Max:0.000} s");
}
