
namespace Swarm.Grains.Abstractions;

/// <summary>What became of an erasure, or a refusal.</summary>
/// <param name="IsErased">Whether this call erased it; <see langword="false"/> when there was none.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.erase-answer.v1")]
public sealed record EraseAnswer([property: Id(0)] bool IsErased, [property: Id(1)] Refusal? Refusal);
