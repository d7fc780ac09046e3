using Swarm.Core.Identity;
using Swarm.Core.Sessions;

namespace Swarm.Format.Segments;

/// <summary>KV of old positions was given up, as a window allows.</summary>
/// <param name="Context">The context.</param>
/// <param name="OpenId">The open that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Group">Layer group.</param>
/// <param name="FirstKept">First position that is kept, sinks aside.</param>
public sealed record TrimRecord(
    ContextId Context, Id128 OpenId, Epoch Epoch, int Group, long FirstKept) : LogRecord(Context, OpenId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Trim;
}
