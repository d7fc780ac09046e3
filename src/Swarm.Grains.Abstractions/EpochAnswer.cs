
namespace Swarm.Grains.Abstractions;

/// <summary>An epoch, or a refusal.</summary>
/// <param name="Epoch">The epoch in force afterwards.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.epoch-answer.v1")]
public sealed record EpochAnswer([property: Id(0)] ulong Epoch, [property: Id(1)] Refusal? Refusal);
