namespace Swarm.Testing.Simulation;

/// <summary>How often a simulated store fails, as probabilities of a request.</summary>
public sealed record StoreFaults(
    double LostRequest, double LostAnswer, double LateEffect, double RepeatedEffect, double Throttled, int MaxDelayMs)
{
    public static StoreFaults None { get; } = new(0, 0, 0, 0, 0, 4);

    /// <summary>A mix that depends on a seed, none at all included.</summary>
    public static StoreFaults Pick(Random random) => new(
        Choose(random, 0, 0.01, 0.05),
        Choose(random, 0, 0.01, 0.05),
        Choose(random, 0, 0.01, 0.04),
        Choose(random, 0, 0.01),
        Choose(random, 0, 0.02),
        random.Next(2) == 0 ? 4 : 60);

    private static double Choose(Random random, params ReadOnlySpan<double> values) => values[random.Next(values.Length)];
}
