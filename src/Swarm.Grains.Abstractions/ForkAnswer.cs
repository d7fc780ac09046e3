
namespace Swarm.Grains.Abstractions;

/// <summary>What became of a fork, or a refusal.</summary>
/// <param name="IsNew">Whether this call made it; else it was there already, with the same parent and position.</param>
/// <param name="Position">Positions that it shares with its parent.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.fork-answer.v1")]
public sealed record ForkAnswer([property: Id(0)] bool IsNew, [property: Id(1)] long Position, [property: Id(2)] Refusal? Refusal);
