using Microsoft.Extensions.Hosting;
using Swarm.Silo.Stores;
using Swarm.Storage;
using Swarm.Storage.Blobs;

namespace Swarm.Silo;

/// <summary>The store's part in the life of a host: tried and taken before anything starts, closed and left when all has stopped.</summary>
internal sealed class SiloLifetime : IHostedLifecycleService, IAsyncDisposable
{
    private readonly IBlobStore _store;
    private readonly ContextStore _contexts;
    private readonly StoreOwnership _ownership;
    private int _hasLeft;

    public SiloLifetime(GivenStore store, ContextStore contexts, StoreOwnership ownership, IHostApplicationLifetime lifetime)
    {
        (_store, _contexts, _ownership) = (store.Store, contexts, ownership);
        lifetime.ApplicationStopping.Register(contexts.BeginStop);
    }

    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await StoreTrial.TryAsync(_store, cancellationToken);
        await _ownership.TakeAsync(cancellationToken);
        await _contexts.CheckStoreAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => LeaveAsync();

    /// <summary>Leaves the store where that was not done: a host whose start failed is disposed without being stopped.</summary>
    public async ValueTask DisposeAsync() => await LeaveAsync();

    private async Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _hasLeft, 1) != 0)
        {
            return;
        }

        try
        {
            await _contexts.DisposeAsync();
        }
        finally
        {
            try
            {
                await _ownership.LeaveAsync();
            }
            finally
            {
                (_store as IDisposable)?.Dispose();
            }
        }
    }
}
