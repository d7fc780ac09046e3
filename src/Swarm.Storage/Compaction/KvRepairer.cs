using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Hosting;
using Swarm.Storage.State;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Compaction;

/// <summary>Puts KV that a session has computed again in the place of damaged KV. Runs on the store's loop.</summary>
/// <remarks>
/// As for compaction, nothing in the log tells of it: the good copy is in use at once, and for good after the next checkpoint.
/// Until then a loss of the silo leaves the damaged one, and the next reader finds it again.
/// </remarks>
internal sealed class KvRepairer(ContextIncarnation context, ContextServices services)
{
    private const int Tries = 4;

    /// <summary>Replaces whole extents by one, where a read found any of them damaged.</summary>
    /// <param name="proof">The holder's proof.</param>
    /// <param name="kv">Their KV: its hash is known to be that of the inputs.</param>
    /// <param name="checksum">Checksum of the frames.</param>
    /// <param name="lease">The frames; stays the caller's.</param>
    /// <exception cref="SwarmRefusedException">The session is over, or the store cannot be used.</exception>
    public async Task RepairAsync(SessionProof proof, KvAppend kv, ulong checksum, TierLease lease)
    {
        var end = kv.FirstPosition + kv.Count;
        if (!context.Damage.Overlaps(kv.FirstPosition, end))
        {
            return;
        }

        await context.RepairGate.WaitAsync(); // Two of one page would take it from under each other.
        try
        {
            await RepairCoreAsync(proof, kv, checksum, lease);
        }
        finally
        {
            context.RepairGate.Release();
        }
    }

    private async Task RepairCoreAsync(SessionProof proof, KvAppend kv, ulong checksum, TierLease lease)
    {
        var end = kv.FirstPosition + kv.Count;
        context.RequireHolder(proof);
        var good = new KvExtent(kv.FirstPosition, kv.Count, kv.Count, proof.Epoch, kv.PrefixHash, default);
        if (!context.Damage.Overlaps(kv.FirstPosition, end))
        {
            return; // Sent twice: the other one has done it.
        }

        if (await FindAsync(good) is null)
        {
            StorageLog.KvNotRepaired(services.Logger, services.Names.Label(context.Id), kv.FirstPosition, end);
            return;
        }

        var incarnationId = context.Root.IncarnationId;
        var (chunk, offset) = await ChunkWriter.WriteAsync(services, context, lease.Memory);
        good = good with { Payload = new PayloadRef(chunk, offset, lease.Memory.Length, checksum) };
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (await PlanAsync(incarnationId, good) is not { } install)
            {
                break;
            }

            var isInPlace = await ExtentInstaller.InstallAsync(context, incarnationId, () =>
            {
                context.RequireHolder(proof);
                return install();
            });
            if (isInPlace)
            {
                context.Damage.Forget(kv.FirstPosition, end);
                services.Memory.Publish(good.Payload, new TierPlace(context.Id, good.FirstPosition), lease);
                services.Metrics.KvRepaired.Add(1);
                StorageLog.KvRepaired(services.Logger, services.Names.Label(context.Id), kv.FirstPosition, end);
                return;
            }
        }

        StorageLog.KvNotRepaired(services.Logger, services.Names.Label(context.Id), kv.FirstPosition, end);
    }

    /// <summary>What puts the extent in place; <see langword="null"/> when it is not one over whole extents of one page.</summary>
    private async Task<Func<bool>?> PlanAsync(Id128 incarnationId, KvExtent good)
    {
        var extents = context.Durable.Extents;
        if (await FindAsync(good) is not var (page, old, repaired))
        {
            return null;
        }

        if (page is null)
        {
            return () => extents.TryReplace(old, repaired, services.Rules.ComparesExtents);
        }

        if (context.Root.IncarnationId != incarnationId)
        {
            return null;
        }

        PageRef? sealedPage = null;
        await PageLoader.GuardAsync(async () => sealedPage = await services.Pages.WriteExtentsAsync(context.Id, incarnationId, repaired));
        return () => extents.TryReplace([page], sealedPage!);
    }

    /// <summary>Which extents it replaces, of the tail or of a page, and what is there then.</summary>
    private async Task<(PageRef? Page, IReadOnlyList<KvExtent> Old, List<KvExtent> Repaired)?> FindAsync(KvExtent good)
    {
        var extents = context.Durable.Extents;
        if (good.FirstPosition >= extents.TailStart)
        {
            KvExtent[] old = [.. extents.Tail.Where(extent => Overlap(extent, good))];
            return Put(old, good) is { } merged ? (null, old, merged) : null;
        }

        var page = extents.SealedPages.First(item => item.EndPosition > good.FirstPosition);
        IReadOnlyList<KvExtent> content = [];
        await PageLoader.GuardAsync(async () => content = await PageLoader.ReadExtentsAsync(services, context.Id, page));

        // A page is given up only where a reader of its KV could not read it either.
        var isBelieved = !LostKv.IsLost(content[0]) || content.Count > 1 || context.Damage.Covers(page.FirstPosition, page.EndPosition);
        return isBelieved && good.EndPosition <= page.EndPosition && Put(content, good) is { Count: <= ManifestCodec.MaxPageExtents } repaired
            ? (page, content, repaired)
            : null;
    }

    private static List<KvExtent>? Put(IReadOnlyList<KvExtent> extents, KvExtent good)
    {
        if (extents.Count == 0 || extents[^1].EndPosition < good.EndPosition)
        {
            return null;
        }

        var repaired = new List<KvExtent>();
        foreach (var extent in extents)
        {
            if (!Overlap(extent, good))
            {
                repaired.Add(extent);
                continue;
            }

            var (isBefore, isBehind) = (extent.FirstPosition < good.FirstPosition, extent.EndPosition > good.EndPosition);
            if ((isBefore || isBehind) && !LostKv.IsLost(extent))
            {
                return null;
            }

            if (isBefore)
            {
                repaired.Add(LostKv.Part(extent, extent.FirstPosition, good.FirstPosition));
            }

            if (repaired.Count == 0 || repaired[^1] != good)
            {
                repaired.Add(good);
            }

            if (isBehind)
            {
                repaired.Add(LostKv.Part(extent, good.EndPosition, extent.EndPosition));
            }
        }

        return repaired;
    }

    private static bool Overlap(KvExtent extent, KvExtent other) =>
        extent.FirstPosition < other.EndPosition && extent.EndPosition > other.FirstPosition;
}
