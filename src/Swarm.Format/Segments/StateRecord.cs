using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>Named state, at most 64 KiB.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">Positions that the state has seen.</param>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its bytes.</param>
public sealed record StateRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    string Name,
    ReadOnlyMemory<byte> Content) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.State;
}
