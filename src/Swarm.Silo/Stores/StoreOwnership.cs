using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Swarm.Clustering.Holders;
using Swarm.Storage;
using Swarm.Storage.Blobs;

namespace Swarm.Silo.Stores;

/// <summary>Holds the store for this silo alone, or with the silos of its cluster, from before it starts until all is closed.</summary>
internal sealed class StoreOwnership(
    IBlobStore store,
    ContextStore contexts,
    SwarmSiloOptions options,
    TimeProvider timeProvider,
    IHostApplicationLifetime lifetime,
    ILogger<StoreHold> logger)
{
    private StoreHold? _hold;
    private string? _failure;

    /// <summary>Why the store is not known to be this silo's; <see langword="null"/> while it is.</summary>
    public string? Fault => _hold?.Fault;

    /// <summary>Why this silo has to end by itself, or <see langword="null"/>.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>Takes the store.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when this silo has it.</returns>
    /// <exception cref="StoreHeldException">Another silo has it.</exception>
    /// <exception cref="BlobStoreException">The store failed.</exception>
    public async Task TakeAsync(CancellationToken cancellationToken) =>
        _hold = await StoreHold.TakeAsync(store, options.SharedBy, timeProvider, logger, IsReplacedAsync, End, cancellationToken);

    /// <summary>Leaves the store, when nothing of this silo uses it any more.</summary>
    /// <returns>A task that ends when it is left.</returns>
    public ValueTask LeaveAsync() => _hold?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<bool> IsReplacedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await contexts.CheckStoreAsync(cancellationToken);
            return false;
        }
        catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.StoreReplaced)
        {
            return true;
        }
    }

    private void End(string reason)
    {
        Volatile.Write(ref _failure, reason);
        lifetime.StopApplication();
    }
}
