
namespace Swarm.Grains.Abstractions;

/// <summary>What became of a <see cref="PrefixFork"/>, or a refusal.</summary>
/// <param name="Parent">Name of the context that it shares positions with; empty where nobody has their KV, and nothing was made.</param>
/// <param name="Position">Positions that it shares.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.prefix-fork-answer.v1")]
public sealed record PrefixForkAnswer([property: Id(0)] string Parent, [property: Id(1)] long Position, [property: Id(2)] Refusal? Refusal);
