using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>KV of old positions was given up, as a window allows.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Group">Layer group.</param>
/// <param name="FirstKept">First position that is kept, sinks aside.</param>
public sealed record TrimRecord(
    ContextId Context, Id128 IncarnationId, Epoch Epoch, int Group, long FirstKept) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Trim;
}
