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
        await LoadAsync(from.ReadKvAsync(0, positions, target), geometry, destination, tier);
        await target.CloseAsync();
    }

    /// <summary>Loads runs.</summary>
    /// <param name="runs">The runs, in order.</param>
    /// <param name="geometry">Their geometry.</param>
    /// <param name="destination">The runtime's memory.</param>
    /// <param name="tier">Where all of them must come from: otherwise another path would be measured.</param>
    public static async Task LoadAsync(IAsyncEnumerable<KvRunData> runs, KvGeometry geometry, KvMemory destination, KvTier tier)
    {
        await foreach (var run in runs)
        {
            using (run)
            {
                if (run.Tier != tier)
                {
                    throw new InvalidOperationException($"The run at {run.FirstPosition} came from tier {run.Tier} instead of {tier}.");
                }

                if (run.InPlace is { } inPlace)
                {
                    if (inPlace.Fault is not null)
                    {
                        throw new InvalidOperationException(inPlace.Fault);
                    }

                    continue;
                }

                KvPayload.Decode(
                    geometry, run.FirstPosition, run.Count, run.Frames.Span, run.FirstPosition, run.Count, destination.Write);
            }
        }
    }
}
