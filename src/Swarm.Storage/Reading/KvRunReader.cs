using System.Runtime.CompilerServices;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Contexts;

namespace Swarm.Storage.Reading;

/// <summary>Carries out a plan: payloads in order, some of them read ahead.</summary>
internal static class KvRunReader
{
    /// <summary>Reads extents in order; ends at the first that is damaged or missing.</summary>
    public static async IAsyncEnumerable<KvRunData> ReadAsync(
        ContextServices services,
        ContextId context,
        IReadOnlyList<KvExtent> plan,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ahead = new Queue<Task<KvRunData>>();
        var next = 0;
        try
        {
            for (var index = 0; index < plan.Count; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                while (next < plan.Count && ahead.Count < services.Options.ReadAhead)
                {
                    ahead.Enqueue(services.Kv.FetchAsync(context, plan[next++]));
                }

                KvRunData run;
                try
                {
                    run = await ahead.Dequeue();
                }
                catch (CorruptObjectException error)
                {
                    StorageMetrics.KvDamaged.Add(1);
                    StorageLog.KvDamaged(
                        services.Logger, context, plan[index].FirstPosition, $"{plan[index].Payload.Object}", error.Message);
                    yield break;
                }
                catch (BlobStoreException fault)
                {
                    throw Refusals.StoreUnavailable(fault.Message);
                }

                StorageMetrics.KvRead.Add(
                    run.Frames.Length, new KeyValuePair<string, object?>("tier", run.Tier.ToString()));
                yield return run;
            }
        }
        finally
        {
            foreach (var task in ahead)
            {
                _ = DisposeAsync(task);
            }
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
