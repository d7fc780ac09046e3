namespace Swarm;

/// <summary>What survives the loss of every process: positions [0, n) of each lane.</summary>
/// <param name="Tokens">Positions whose inputs are durable.</param>
/// <param name="Kv">Positions whose KV is durable; never more than <paramref name="Tokens"/>.</param>
public readonly record struct Watermarks(long Tokens, long Kv);
