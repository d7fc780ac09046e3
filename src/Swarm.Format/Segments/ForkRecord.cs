using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>The context began as a fork of another one of its tenant.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Parent">The context forked from.</param>
/// <param name="Position">Positions shared with it.</param>
public sealed record ForkRecord(
    ContextId Context, Id128 IncarnationId, Epoch Epoch, ContextId Parent, long Position) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Fork;
}
