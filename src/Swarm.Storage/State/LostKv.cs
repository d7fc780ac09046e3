using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;

namespace Swarm.Storage.State;

/// <summary>
/// An extent in the place of a page of extents that is damaged: nobody knows any more where its KV lies. It names an object
/// that never was, so that whoever reads it finds it missing, and its positions are recomputed.
/// </summary>
internal static class LostKv
{
    /// <summary>The extent in the place of a page.</summary>
    public static KvExtent Of(PageRef page) =>
        New(page.FirstPosition, page.EndPosition, ObjectRef.Chunk(page.IncarnationId, page.PageId) with { Context = page.Context });

    /// <summary>An extent over some positions.</summary>
    public static KvExtent Between(long first, long end, Id128 incarnationId) => New(first, end, ObjectRef.Chunk(incarnationId, incarnationId));

    private static KvExtent New(long first, long end, ObjectRef nowhere)
    {
        var count = checked((int)(end - first));
        return new KvExtent(first, count, count, default, default, new PayloadRef(nowhere, 0, 1, 0));
    }

    /// <summary>Whether an extent stands for KV that is lost. No other has a hash of zeros.</summary>
    public static bool IsLost(KvExtent extent) => extent.PrefixHash == default;

    /// <summary>A part of a lost extent: it may be cut anywhere.</summary>
    public static KvExtent Part(KvExtent lost, long first, long end) =>
        lost with { FirstPosition = first, Count = (int)(end - first), WrittenCount = (int)(end - first) };
}
