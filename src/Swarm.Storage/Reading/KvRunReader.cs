using System.Runtime.CompilerServices;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Hosting;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Reading;

/// <summary>Carries out a plan: payloads in order, some of them read ahead.</summary>
internal static class KvRunReader
{
    private const int SmallAhead = 4;

    // What is ahead shall still be in the processor's cache when its turn comes, and a link of 5 Gbit/s and 20 ms be full. Measured on a
    // disk tier whose files are cached, 8 MiB a payload, L3 cache of 32 MiB: 16 MiB were a tenth faster than 24, and for a sixth less time
    // of the processors; 32 and 48 were no faster than 24.
    private const long MaxBytesAhead = 16 << 20;

    /// <summary>Reads extents in order; of one that is damaged or missing, a run without frames tells.</summary>
    /// <param name="services">What the store's contexts share.</param>
    /// <param name="context">The context.</param>
    /// <param name="damage">Receives what is found damaged.</param>
    /// <param name="plan">Extents to read, in order, without holes.</param>
    /// <param name="planAnewAsync">Plans again from a position on: what the plan names may have been compacted and collected.</param>
    /// <param name="reading">How they are read.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async IAsyncEnumerable<KvRunData> ReadAsync(
        ContextServices services,
        ContextId context,
        KvDamage damage,
        IReadOnlyList<KvExtent> plan,
        Func<long, Task<IReadOnlyList<KvExtent>>> planAnewAsync,
        KvReading reading,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ahead = new Queue<Task<KvRunData>>();
        var next = 0;
        long aheadBytes = 0;
        ObjectRef? damaged = null;
        try
        {
            for (var index = 0; index < plan.Count; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                while (next < plan.Count
                    && (ahead.Count == 0 || (ahead.Count < ReadAheadOf(services.Options, plan[next]) && aheadBytes < MaxBytesAhead)))
                {
                    aheadBytes += plan[next].Payload.Length;
                    ahead.Enqueue(services.Kv.FetchAsync(context, plan[next++], reading));
                }

                aheadBytes -= plan[index].Payload.Length;

                KvRunData? run = null;
                var reason = "";
                try
                {
                    run = await ahead.Dequeue();
                }
                catch (CorruptObjectException error)
                {
                    reason = error.Message;
                }
                catch (BlobStoreException fault)
                {
                    throw Refusals.StoreUnavailable(fault.Message);
                }

                var extent = plan[index];
                if (run is null)
                {
                    var anew = damaged == extent.Payload.Object ? [] : await planAnewAsync(extent.FirstPosition);
                    if (anew.Count > 0 && anew[0].Payload != extent.Payload)
                    {
                        Drop(ahead);
                        (plan, next, index, aheadBytes) = (anew, 0, -1, 0);
                        continue;
                    }

                    damaged = extent.Payload.Object;
                    damage.Note(extent.FirstPosition, extent.EndPosition);
                    services.Metrics.KvDamaged.Add(1);
                    StorageLog.KvDamaged(
                        services.Logger,
                        services.Names.Label(context),
                        extent.FirstPosition,
                        BlobNames.Of(context, extent.Payload.Object),
                        reason);
                    yield return KvRunData.Damaged(extent.FirstPosition, extent.Count);
                    continue;
                }

                services.Metrics.KvRead.Add(run.Length, StorageMetrics.Tag(StorageMetrics.TierKey, StorageMetrics.NameOf(run.Tier)));
                yield return run;
            }
        }
        finally
        {
            Drop(ahead);
        }
    }

    // Small ones are bound by the time that the store takes to answer, not by their bytes.
    private static int ReadAheadOf(ContextStoreOptions options, KvExtent extent) =>
        extent.Payload.Length <= SegmentWindows.MaxPayloadBytes ? SmallAhead * options.ReadAhead : options.ReadAhead;

    private static void Drop(Queue<Task<KvRunData>> ahead)
    {
        while (ahead.TryDequeue(out var task))
        {
            _ = DisposeAsync(task);
        }
    }

    private static async Task DisposeAsync(Task<KvRunData> task)
    {
        try
        {
            (await task).Dispose();
        }
        catch (Exception error) when (error is CorruptObjectException or BlobStoreException)
        {
            // Nobody asked for this one any more.
        }
    }
}
