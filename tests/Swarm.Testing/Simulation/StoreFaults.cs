namespace Swarm.Testing.Simulation;

/// <summary>How often a simulated store fails, as probabilities of a request.</summary>
/// <param name="LostRequest">It never arrives.</param>
/// <param name="LostAnswer">It takes effect, and nobody is told.</param>
/// <param name="LateEffect">It takes effect long after it was given up.</param>
/// <param name="RepeatedEffect">It takes effect once more, later.</param>
/// <param name="Throttled">It is answered by 503.</param>
/// <param name="Slow">It waits for up to seconds, on its way or back.</param>
/// <param name="Outage">It begins a time in which no request is answered, whatever becomes of it.</param>
/// <param name="MaxDelayMs">Longest ordinary delay, in ms.</param>
public sealed record StoreFaults(
    double LostRequest,
    double LostAnswer,
    double LateEffect,
    double RepeatedEffect,
    double Throttled,
    double Slow,
    double Outage,
    int MaxDelayMs)
{
    public static StoreFaults None { get; } = new(0, 0, 0, 0, 0, 0, 0, 4);

    /// <summary>A mix that depends on a seed, none at all included.</summary>
    public static StoreFaults Pick(Random random) => new(
        Choose(random, 0, 0.01, 0.05),
        Choose(random, 0, 0.01, 0.05),
        Choose(random, 0, 0.01, 0.04),
        Choose(random, 0, 0.01),
        Choose(random, 0, 0.02),
        Choose(random, 0, 0.01, 0.03),
        Choose(random, 0, 0.001, 0.004),
        random.Next(2) == 0 ? 4 : 60);

    private static double Choose(Random random, params ReadOnlySpan<double> values) => values[random.Next(values.Length)];
}
