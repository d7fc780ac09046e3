using System.Globalization;
using Swarm.Silo.Stores;
using Swarm.Storage.Blobs;

namespace Swarm.Silo.Health;

/// <summary>
/// Whether a silo is ready: it is active; the store is its own and the one that it was at the start, answered lately and takes writes.
/// </summary>
internal sealed class SiloHealth(ISiloStatusOracle silo, StoreWatch store, StoreOwnership owner)
{
    /// <summary>Looks.</summary>
    public SiloHealthState Check()
    {
        var status = silo.CurrentStatus;
        var age = store.Age;
        var storeState = store.Replaced ?? owner.Fault ?? store.Fault
            ?? string.Create(CultureInfo.InvariantCulture, $"answered {age.TotalSeconds:0} s ago");
        var failure = store.WriteFailure;
        var isReady = status == SiloStatus.Active
            && age <= StoreWatch.MaxAge
            && !store.IsGone
            && store.Replaced is null
            && owner.Fault is null
            && !(failure?.Duration > StoreWatch.WriteGrace);
        return new SiloHealthState(isReady, status, storeState, Writes(failure));
    }

    private static string? Writes(WriteFailure? failure) => failure is null ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"failing for {failure.Duration.TotalSeconds:0} s, {failure.Faults} times; last: {failure.LastFault}");
}
