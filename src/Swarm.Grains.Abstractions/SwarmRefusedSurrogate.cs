
namespace Swarm.Grains.Abstractions;

/// <summary>Carries a refusal thrown from a grain call whose answer has no place for one.</summary>
/// <param name="Refusal">The reason.</param>
[GenerateSerializer, Immutable, Alias("swarm.refused.v1")]
public readonly record struct SwarmRefusedSurrogate([property: Id(0)] Refusal Refusal);
