using Swarm.Core.Identity;

namespace Swarm.Format.Objects;

/// <summary>A page of a manifest.</summary>
/// <param name="Kind">Extents, inputs or states.</param>
/// <param name="IncarnationId">The incarnation that wrote it.</param>
/// <param name="PageId">Its id.</param>
/// <param name="FirstPosition">First position that it covers.</param>
/// <param name="EndPosition">First position behind it.</param>
/// <param name="Items">Extents, runs or states in it.</param>
/// <param name="Length">Bytes of the object.</param>
/// <param name="Checksum">XxHash3-64 of the object.</param>
/// <param name="Context">Context that wrote it, where that is another one: the parent of a fork; else <see langword="null"/>.</param>
public sealed record PageRef(
    ObjectKind Kind,
    Id128 IncarnationId,
    Id128 PageId,
    long FirstPosition,
    long EndPosition,
    int Items,
    int Length,
    ulong Checksum,
    ContextId? Context = null);
