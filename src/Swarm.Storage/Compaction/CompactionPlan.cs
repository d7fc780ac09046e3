using Swarm.Format.Frames;
using Swarm.Format.Manifests;

namespace Swarm.Storage.Compaction;

/// <summary>Which extents are merged with which: each group becomes one payload.</summary>
internal static class CompactionPlan
{
    /// <summary>An extent at least this large is left as it is, in bytes.</summary>
    public const int LargeBytes = 2 << 20;

    /// <summary>A merged payload is at most this large, in bytes: what one read brings, and what the memory tier evicts at a time.</summary>
    public const int MergedBytes = 8 << 20;

    /// <summary>Groups extents.</summary>
    /// <param name="geometry">The model's geometry.</param>
    /// <param name="extents">Extents in order, without holes.</param>
    /// <returns>The same extents in groups; a group of one stays as it is.</returns>
    public static IReadOnlyList<IReadOnlyList<KvExtent>> Group(KvGeometry geometry, IReadOnlyList<KvExtent> extents)
    {
        var groups = new List<IReadOnlyList<KvExtent>>();
        var group = new List<KvExtent>();
        foreach (var extent in extents)
        {
            if (group.Count > 0 && !Joins(geometry, group, extent))
            {
                groups.Add(group);
                group = [];
            }

            group.Add(extent);
        }

        if (group.Count > 0)
        {
            groups.Add(group);
        }

        return groups;
    }

    // A run that was cut by its count ends a group: positions behind it are another extent's.
    private static bool Joins(KvGeometry geometry, List<KvExtent> group, KvExtent next) =>
        group[^1].Payload.Length < LargeBytes
        && next.Payload.Length < LargeBytes
        && next.EndPosition <= int.MaxValue
        && KvPayload.MaxBytes / geometry.BytesPerPosition > next.EndPosition - group[0].FirstPosition
        && KvPayload.EncodedLength(
            geometry, group[0].FirstPosition, (int)(next.EndPosition - group[0].FirstPosition)) <= MergedBytes;
}
