using Swarm.Core.Blocks;

namespace Swarm.Core.Contexts;

/// <summary>A context that begins with some inputs, and has their KV.</summary>
/// <param name="Context">Its name.</param>
/// <param name="Position">Positions that are the same: whole blocks, at least one.</param>
/// <param name="Hash">Chain hash there.</param>
public sealed record SharedPrefix(string Context, long Position, BlockHash Hash);
