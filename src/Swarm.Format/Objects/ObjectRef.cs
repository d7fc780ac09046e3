using Swarm.Core.Identity;

namespace Swarm.Format.Objects;

/// <summary>Which immutable object holds some KV payload.</summary>
/// <param name="Volume">Number of the volume (account and container) in the store's list; 0 is the store's own.</param>
/// <param name="Kind"><see cref="ObjectKind.Segment"/> or <see cref="ObjectKind.Chunk"/>.</param>
/// <param name="Owner">Writer of a segment; id of the incarnation that made a chunk.</param>
/// <param name="Number">Sequence number of a segment; 0 of a chunk.</param>
/// <param name="ChunkId">Id of a chunk; default of a segment.</param>
/// <param name="Context">
/// Context that the chunk was made for, where that is another one (a fork reads its parent's chunks); else <see langword="null"/>.
/// </param>
public readonly record struct ObjectRef(
    ushort Volume, ObjectKind Kind, Id128 Owner, ulong Number, Id128 ChunkId, ContextId? Context = null)
{
    /// <summary>A segment of a writer's log.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="sequence">Its sequence number.</param>
    /// <returns>The reference.</returns>
    public static ObjectRef Segment(Id128 writer, ulong sequence) =>
        new(0, ObjectKind.Segment, writer, sequence, default);

    /// <summary>A chunk of a context.</summary>
    /// <param name="incarnationId">The incarnation that made it.</param>
    /// <param name="chunkId">Its id.</param>
    /// <returns>The reference.</returns>
    public static ObjectRef Chunk(Id128 incarnationId, Id128 chunkId) => new(0, ObjectKind.Chunk, incarnationId, 0, chunkId);
}
