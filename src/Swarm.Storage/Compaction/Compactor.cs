using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Storage.Hosting;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Compaction;

/// <summary>Merges small runs of KV into chunks, step by step (protocol, rule 14). Runs on the store's loop.</summary>
/// <remarks>
/// Appends go on meanwhile: bytes move outside of the loop, and what was merged is installed only over the very extents that
/// it was made of. A step that is not finished leaves a chunk that nobody refers to.
/// </remarks>
internal sealed class Compactor(ContextServices services)
{
    /// <summary>Most bytes of a chunk.</summary>
    private const int ChunkBytes = 32 << 20;

    private const int MaxPagesAtOnce = 16;

    /// <summary>Does one step for a context.</summary>
    /// <returns>KV bytes that were written, and are in use after the next checkpoint; 0 when there is nothing to do.</returns>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    /// <exception cref="SwarmRefusedException">The context is not open here any more, or the store cannot be used.</exception>
    public async Task<long> StepAsync(ContextIncarnation context)
    {
        var written = await MergeTailAsync(context);
        return written > 0 ? written : await MergePagesAsync(context);
    }

    private async Task<long> MergeTailAsync(ContextIncarnation context)
    {
        var extents = context.Durable.Extents;
        var (first, count) = FindSmall(extents.Tail);
        if (count < services.Options.CompactionRuns)
        {
            return 0;
        }

        var old = Take(extents.Tail, first, count);
        var (incarnationId, merged, written) = await MergeAsync(context, old);
        if (written == 0
            || !await ExtentInstaller.InstallAsync(
                context, incarnationId, () => extents.TryReplace(old, merged, services.Rules.ComparesExtents)))
        {
            return 0;
        }

        StorageLog.Compacted(
            services.Logger, services.Names.Label(context.Id), old[0].FirstPosition, old[^1].EndPosition, old.Count, merged.Count);
        return written;
    }

    /// <summary>Pages that were sealed before their runs were merged.</summary>
    private async Task<long> MergePagesAsync(ContextIncarnation context)
    {
        var extents = context.Durable.Extents;
        var bytesPerPosition = context.Model.Geometry.BytesPerPosition;
        var pages = extents.SealedPages
            .SkipWhile(page => !IsToMerge(page))
            .TakeWhile(IsToMerge)
            .Take(MaxPagesAtOnce)
            .ToArray();
        if (pages.Length == 0)
        {
            return 0;
        }

        bool IsToMerge(PageRef page) => HasSmallRuns(page, bytesPerPosition) && !context.Damage.HasPage(page);

        long total = 0;
        var incarnationId = context.Root.IncarnationId;
        var all = new List<KvExtent>();
        var kept = new List<PageRef>();
        foreach (var page in pages)
        {
            IReadOnlyList<KvExtent> old;
            try
            {
                old = await services.Pages.ReadExtentsAsync(context.Id, page);
            }
            catch (CorruptObjectException error)
            {
                // Left as it is, for whoever has its KV again; the pages around it are merged without it.
                StorageLog.ExtentPageDamaged(services.Logger, services.Names.Label(context.Id), page.FirstPosition, page.EndPosition, error.Message);
                context.Damage.NotePage(page);
                break;
            }

            var merged = new List<KvExtent>();
            for (var done = 0; done < old.Count;)
            {
                var step = Take(old, done, old.Count - done);
                var (stepOpen, part, written) = await MergeAsync(context, step);
                if (stepOpen != incarnationId || context.IsEnding)
                {
                    return 0; // Under another incarnation by now: what was written is not protected any more.
                }

                merged.AddRange(part);
                total += written;
                done += step.Count;
            }

            if (all.Count + merged.Count > services.Options.PageExtents)
            {
                break;
            }

            all.AddRange(merged);
            kept.Add(page);
        }

        if (total == 0 || context.IsEnding || kept.Count == 0)
        {
            return 0;
        }

        // All of it under one incarnation: a page or chunk of an earlier one may be collected before a root names it.
        var sealedPage = await services.Pages.WriteExtentsAsync(context.Id, incarnationId, all);
        if (!await ExtentInstaller.InstallAsync(context, incarnationId, () => extents.TryReplace(kept, sealedPage)))
        {
            return 0;
        }

        StorageLog.Compacted(
            services.Logger,
            services.Names.Label(context.Id),
            sealedPage.FirstPosition,
            sealedPage.EndPosition,
            kept.Sum(page => page.Items),
            all.Count);
        return total;
    }

    private static bool IsLarge(KvExtent extent) => extent.Payload.Length >= CompactionPlan.LargeBytes;

    private static bool HasSmallRuns(PageRef page, long bytesPerPosition) =>
        page.Items > 1 && (page.EndPosition - page.FirstPosition) * bytesPerPosition / page.Items < CompactionPlan.LargeBytes / 2;

    /// <summary>The first small extents that follow each other. It is asked of each context again and again, so it copies nothing.</summary>
    private static (int First, int Count) FindSmall(IReadOnlyList<KvExtent> extents)
    {
        var first = 0;
        while (first < extents.Count && IsLarge(extents[first]))
        {
            first++;
        }

        var end = first;
        while (end < extents.Count && !IsLarge(extents[end]))
        {
            end++;
        }

        return (first, end - first);
    }

    /// <summary>Extents for one chunk, at least one.</summary>
    private static List<KvExtent> Take(IReadOnlyList<KvExtent> extents, int first, int count)
    {
        var taken = new List<KvExtent>();
        long bytes = 0;
        for (var index = first; index < first + count; index++)
        {
            var extent = extents[index];
            if (taken.Count > 0 && bytes + extent.Payload.Length > ChunkBytes)
            {
                break;
            }

            taken.Add(extent);
            bytes += extent.Payload.Length;
        }

        return taken;
    }

    private async Task<(Id128 IncarnationId, List<KvExtent> Extents, long Written)> MergeAsync(
        ContextIncarnation context, IReadOnlyList<KvExtent> old)
    {
        var incarnationId = context.Root.IncarnationId;
        var geometry = context.Model.Geometry;
        var merged = new List<KvExtent>();
        var payloads = new List<byte[]>();
        long offset = 0;
        foreach (var group in CompactionPlan.Group(geometry, old))
        {
            if (group.Count == 1 || await MergeGroupAsync(context, group) is not { } payload)
            {
                merged.AddRange(group); // Damaged KV stays where it is: a read says so, and its positions are computed again.
                continue;
            }

            var last = group[^1];
            var count = (int)(last.EndPosition - group[0].FirstPosition);
            merged.Add(new KvExtent(
                group[0].FirstPosition, count, count, last.Epoch, last.PrefixHash,
                new PayloadRef(default, offset, payload.Length, ManifestCodec.Checksum(payload))));
            payloads.Add(payload);
            offset += payload.Length;
        }

        if (payloads.Count == 0)
        {
            return (incarnationId, merged, 0);
        }

        var content = new byte[offset];
        offset = 0;
        foreach (var payload in payloads)
        {
            payload.CopyTo(content, offset);
            offset += payload.Length;
        }

        var (chunk, start) = await ChunkWriter.WriteAsync(services, context, content);
        for (var index = 0; index < merged.Count; index++)
        {
            if (merged[index].Payload is { Object: var named } place && named == default)
            {
                merged[index] = merged[index] with { Payload = place with { Object = chunk, Offset = start + place.Offset } };
                KeepInMemory(context, merged[index], content.AsMemory((int)place.Offset, place.Length));
            }
        }

        return (incarnationId, merged, content.Length);
    }

    private async Task<byte[]?> MergeGroupAsync(ContextIncarnation context, IReadOnlyList<KvExtent> group)
    {
        for (var isRecheck = false; ; isRecheck = true)
        {
            var runs = new List<KvRunData>();
            try
            {
                foreach (var extent in group)
                {
                    runs.Add(await services.Kv.FetchAsync(context.Id, extent, isRecheck ? KvReading.Rechecked : KvReading.IntoMemory));
                }

                var geometry = context.Model.Geometry;
                var first = group[0].FirstPosition;
                var count = (int)(group[^1].EndPosition - first);
                var payload = new byte[KvPayload.EncodedLength(geometry, first, count)];
                await services.Loop.OffloadAsync(() => KvMerger.Merge(
                    geometry, [.. runs.Select(run => (run.FirstPosition, run.Count, run.Frames))], count, payload));
                return payload;
            }
            catch (CorruptObjectException error)
            {
                if (!isRecheck)
                {
                    continue; // A copy in a tier may be damaged, and the store's not.
                }

                services.Metrics.KvDamaged.Add(1);
                StorageLog.KvDamaged(
                    services.Logger,
                    services.Names.Label(context.Id),
                    group[0].FirstPosition,
                    BlobNames.Of(context.Id, group[0].Payload.Object),
                    error.Message);
                return null;
            }
            finally
            {
                runs.ForEach(run => run.Dispose());
            }
        }
    }

    /// <summary>What was read last stays near, under its new name.</summary>
    private void KeepInMemory(ContextIncarnation context, KvExtent extent, ReadOnlyMemory<byte> content)
    {
        using var lease = services.Memory.TryRent(content.Length);
        if (lease is not null)
        {
            content.CopyTo(lease.Memory);
            services.Memory.Publish(extent.Payload, new TierPlace(context.Id, extent.FirstPosition), lease);
        }
    }
}
