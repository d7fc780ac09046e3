namespace Swarm.Grains.Abstractions;

/// <summary>Carries a refusal in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Code">Number of the code.</param>
/// <param name="Message">What happened.</param>
/// <param name="CurrentEpoch">Epoch in force.</param>
/// <param name="Position">Position expected or in conflict.</param>
/// <param name="Holder">Agent that holds the context.</param>
/// <param name="RetryAfter">After how long the same request may succeed.</param>
[GenerateSerializer, Immutable, Alias("swarm.refusal.v1")]
public readonly record struct RefusalSurrogate(
    [property: Id(0)] int Code,
    [property: Id(1)] string Message,
    [property: Id(2)] ulong CurrentEpoch,
    [property: Id(3)] long Position,
    [property: Id(4)] string Holder,
    [property: Id(5)] TimeSpan RetryAfter);
