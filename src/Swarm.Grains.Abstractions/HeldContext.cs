namespace Swarm.Grains.Abstractions;

/// <summary>A context that an agent holds.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Epoch">Its epoch.</param>
[GenerateSerializer, Immutable, Alias("swarm.held.v1")]
public sealed record HeldContext([property: Id(0)] string Context, [property: Id(1)] ulong Epoch);
