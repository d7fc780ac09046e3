using System.Collections.Concurrent;
using Swarm.DataPlane.Client;
using Swarm.Format.Frames;

namespace Swarm.Benchmarks.Paths;

/// <summary>Brings runs into a runtime's memory, verified: what a successor does.</summary>
internal static class Rehydration
{
    /// <summary>Loads runs over the data plane, into the runtime's memory from the wire on.</summary>
    public static async Task ReceiveAsync(
        DataPlaneAttachment from, int positions, KvGeometry geometry, KvMemory destination, KvTier tier)
    {
        var target = new KvReceiveTarget(geometry, destination, static (_, _, _) => true);
        target.Open(0);
        var receiver = new KvPayloadReceiver(geometry, destination);
        await foreach (var run in from.ReadKvAsync(0, positions, target))
        {
            using (run)
            {
                Take(run, receiver, tier);
            }
        }

        await target.CloseAsync();
    }

    /// <summary>Loads runs, as many at once as there are processors.</summary>
    /// <param name="runs">The runs, in order.</param>
    /// <param name="geometry">Their geometry.</param>
    /// <param name="destination">The runtime's memory.</param>
    /// <param name="tier">Where all of them must come from: otherwise another path would be measured.</param>
    public static async Task LoadAsync(IAsyncEnumerable<KvRunData> runs, KvGeometry geometry, KvMemory destination, KvTier tier)
    {
        var receivers = new ConcurrentBag<KvPayloadReceiver>();
        await Parallel.ForEachAsync(runs, (run, _) =>
        {
            using (run)
            {
                var receiver = receivers.TryTake(out var free) ? free : new KvPayloadReceiver(geometry, destination);
                Take(run, receiver, tier);
                receivers.Add(receiver);
                return default;
            }
        });
    }

    private static void Take(KvRunData run, KvPayloadReceiver receiver, KvTier tier)
    {
        if (run.Tier != tier)
        {
            throw new InvalidOperationException($"The run at {run.FirstPosition} came from tier {run.Tier} instead of {tier}.");
        }

        if ((run.InPlace is { } inPlace ? inPlace.Fault : receiver.Receive(run)) is { } fault)
        {
            throw new InvalidOperationException(fault);
        }
    }
}
