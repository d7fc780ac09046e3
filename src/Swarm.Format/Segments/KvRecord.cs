using Swarm.Core.Blocks;
using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>KV of a run of positions, whose bytes are payload.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">First position.</param>
/// <param name="Count">Positions, at least 1.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
/// <param name="Payload">The frames.</param>
public sealed record KvRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    int Count,
    BlockHash PrefixHash,
    PayloadRef Payload) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Kv;
}
