using Swarm.Core.Blocks;
using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>Inputs that are not tokens: their digests here, their bytes as payload.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">First position.</param>
/// <param name="Digests">SHA-256 of each position's input.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
/// <param name="Payload">The inputs' bytes.</param>
public sealed record InputRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    IReadOnlyList<Digest256> Digests,
    BlockHash PrefixHash,
    PayloadRef Payload) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Input;
}
