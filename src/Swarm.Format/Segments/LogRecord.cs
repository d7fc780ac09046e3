using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>One append of one context, as a segment's index holds it.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation of the context that queued it; a fold takes only those of the root's open.</param>
/// <param name="Epoch">Epoch of the append; of epoch changes, the new epoch.</param>
public abstract record LogRecord(ContextId Context, Id128 IncarnationId, Epoch Epoch)
{
    /// <summary>Its type.</summary>
    public abstract RecordType Type { get; }
}
