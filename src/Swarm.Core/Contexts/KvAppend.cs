using Swarm.Core.Blocks;

namespace Swarm.Core.Contexts;

/// <summary>KV of a run of positions, encoded as one record's frames.</summary>
/// <param name="FirstPosition">First position of the run.</param>
/// <param name="Count">Positions, at least 1.</param>
/// <param name="PrefixHash">Chain hash through the last position: KV never attaches to other inputs.</param>
/// <param name="Frames">The encoded frames (see FORMAT.md, KV payload), checksummed one by one.</param>
/// <remarks>
/// The receiver owns <paramref name="Frames"/> until the append's task has ended; the caller must not change or reuse
/// the memory before.
/// </remarks>
public sealed record KvAppend(long FirstPosition, int Count, BlockHash PrefixHash, ReadOnlyMemory<byte> Frames);
