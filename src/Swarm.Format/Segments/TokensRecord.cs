using Swarm.Core.Blocks;
using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>Token ids of consecutive positions.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">First position.</param>
/// <param name="Tokens">Token ids, at least one.</param>
/// <param name="Steps">Lengths of the model's steps, adding up to the tokens.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
public sealed record TokensRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    ReadOnlyMemory<int> Tokens,
    ReadOnlyMemory<int> Steps,
    BlockHash PrefixHash) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Tokens;
}
