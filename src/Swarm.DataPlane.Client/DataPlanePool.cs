using Microsoft.Extensions.Logging;
using Swarm.Core.Settings;

namespace Swarm.DataPlane.Client;

/// <summary>The data-plane connections of a process: all that it attaches to on one silo shares them. Thread-safe.</summary>
/// <remarks>
/// <para>
/// Those who ask at the same time share one attempt to connect. A connection that is lost, retired or says nothing is handed out to nobody; one
/// that has as many attachments as its silo takes is followed by another one. What nobody uses is closed after a while.
/// </para>
/// <para>Disposing closes what nobody uses and refuses new requests. What is in use stays open until it is given back.</para>
/// </remarks>
public sealed class DataPlanePool : IAsyncDisposable
{
    private readonly string _tenant;
    private readonly string _token;
    private readonly DataPlaneClientOptions _connection;
    private readonly DataPlanePoolOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger? _logger;
    private readonly TimeSpan _silence;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly Dictionary<DataPlaneEndpoint, List<PoolEntry>> _silos = [];
    private bool _isDisposed;

    /// <summary>Creates a pool. Nothing is connected yet.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="token">The tenant's token, or empty.</param>
    /// <param name="connection">Settings of each connection.</param>
    /// <param name="options">Settings of the pool.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where logs go; <see langword="null"/> for none.</param>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them.</exception>
    public DataPlanePool(
        string tenant,
        string token,
        DataPlaneClientOptions connection,
        DataPlanePoolOptions options,
        TimeProvider timeProvider,
        ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        SettingRules.Require(connection, nameof(connection));
        SettingRules.Require(options, nameof(options));
        (_tenant, _token, _connection, _options, _timeProvider, _logger) = (tenant, token, connection, options, timeProvider, logger);

        // Pings that are not answered: what is in use may be slow, but who comes new does not wait behind it.
        _silence = connection.SilenceTimeout / 3 > connection.PingInterval * 3 ? connection.SilenceTimeout / 3 : connection.PingInterval * 3;
    }

    /// <summary>Connections that are open now.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_lock)
            {
                return _silos.Values.Sum(entries => entries.Count(entry => entry.Client is { IsLost: false }));
            }
        }
    }

    /// <summary>Gives the right to one attachment on a connection to a silo, which is opened if need be.</summary>
    /// <param name="endpoint">Where the silo is.</param>
    /// <param name="cancellationToken">Stops waiting: for this caller alone.</param>
    /// <returns>The right; to be disposed.</returns>
    /// <exception cref="SwarmTransportException">The silo cannot be reached. All who wait for the same attempt get this; the next call tries again.</exception>
    /// <exception cref="SwarmRefusedException">The silo refused the tenant or the token.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public async ValueTask<PooledConnection> RentAsync(DataPlaneEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var entry = Choose(endpoint, out var client);
            if (client is not null)
            {
                return new PooledConnection(this, entry, client, isReused: true);
            }

            var isAdmitted = false;
            try
            {
                client = await entry.Connecting.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                isAdmitted = await AdmitAsync(entry, isWanted: client is not null).ConfigureAwait(false);
            }

            if (isAdmitted)
            {
                return new PooledConnection(this, entry, client, isReused: false);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        List<DataPlaneClient> idle = [];
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var entry in _silos.Values.SelectMany(static entries => entries).ToArray())
            {
                if (TakeUnused(entry) is { } client)
                {
                    idle.Add(client);
                }
            }
        }

        await _disposing.CancelAsync().ConfigureAwait(false);
        foreach (var client in idle)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    internal void Retire(PoolEntry entry)
    {
        lock (_lock)
        {
            entry.IsRetired = true;
        }
    }

    internal ValueTask ReturnAsync(PoolEntry entry)
    {
        DataPlaneClient? unused;
        lock (_lock)
        {
            entry.Rented--;
            unused = TakeUnused(entry);
        }

        return unused?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <summary>Finds the connection, or the attempt to make one, that is used least; or begins another one.</summary>
    private PoolEntry Choose(DataPlaneEndpoint endpoint, out DataPlaneClient? client)
    {
        PoolEntry? best = null;
        var isNew = false;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_silos.TryGetValue(endpoint, out var entries))
            {
                _silos.Add(endpoint, entries = []);
            }

            var usable = 0;
            foreach (var entry in entries)
            {
                if (entry.IsRetired || (entry.Client is { } known && (known.IsLost || known.Silence > _silence)))
                {
                    continue;
                }

                usable++;
                if (entry.HasRoom && (best is null || entry.Load < best.Load))
                {
                    best = entry;
                }
            }

            isNew = best is null || (best.Load > 0 && usable < _options.ConnectionsPerSilo);
            if (isNew)
            {
                best = new PoolEntry(endpoint);
                entries.Add(best);
            }

            client = best!.Client;
            best.Waiting += client is null ? 1 : 0;
            best.Rented += client is null ? 0 : 1;
            best.Idle?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        if (isNew)
        {
            using (ExecutionContext.SuppressFlow()) // The connection is not the doing of the first caller alone.
            {
                _ = Task.Run(() => ConnectAsync(best));
            }
        }

        return best;
    }

    /// <summary>Connects for all who wait. Never fails: they do.</summary>
    private async Task ConnectAsync(PoolEntry entry)
    {
        DataPlaneClient client;
        try
        {
            client = await DataPlaneClient.ConnectAsync(
                entry.Endpoint, _tenant, _token, _connection, _timeProvider, _logger, _disposing.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Forget(entry);
            entry.Connecting.TrySetException(exception is OperationCanceledException
                ? new ObjectDisposedException(nameof(DataPlanePool))
                : exception);
            _ = entry.Connecting.Task.Exception; // Seen, should nobody wait for it any more.
            return;
        }

        DataPlaneClient? unused;
        lock (_lock)
        {
            entry.Client = client;
            unused = TakeUnused(entry);
        }

        entry.Connecting.TrySetResult(client);
        client.Closed.UnsafeRegister(static forget => ((Action)forget!)(), () => Forget(entry));
        if (unused is not null)
        {
            await unused.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the wait of one who waited for a connection.</summary>
    /// <returns>Whether there is room for it.</returns>
    private async ValueTask<bool> AdmitAsync(PoolEntry entry, bool isWanted)
    {
        DataPlaneClient? unused;
        lock (_lock)
        {
            entry.Waiting--;
            if (isWanted && !_isDisposed && entry.HasRoom)
            {
                entry.Rented++;
                return true;
            }

            unused = TakeUnused(entry);
        }

        if (unused is not null)
        {
            await unused.DisposeAsync().ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Called with the lock wherever a connection may be unused now: keeps it for a while, or takes it out of the pool.</summary>
    /// <returns>The connection where it is to be closed.</returns>
    private DataPlaneClient? TakeUnused(PoolEntry entry)
    {
        if (entry.Load > 0 || entry.Client is not { } client)
        {
            return null;
        }

        if (_isDisposed || entry.IsRetired || client.IsLost || _options.IdleTimeout == TimeSpan.Zero)
        {
            Remove(entry);
            return client;
        }

        entry.Idle ??= _timeProvider.CreateTimer(CloseIdle, entry, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        entry.Idle.Change(_options.IdleTimeout, Timeout.InfiniteTimeSpan);
        return null;
    }

    private void CloseIdle(object? state)
    {
        var entry = (PoolEntry)state!;
        lock (_lock)
        {
            if (entry.Load > 0)
            {
                return; // Wanted again meanwhile.
            }

            Remove(entry);
        }

        _ = entry.Client!.DisposeAsync().AsTask();
    }

    private void Forget(PoolEntry entry)
    {
        lock (_lock)
        {
            Remove(entry);
        }
    }

    private void Remove(PoolEntry entry)
    {
        entry.Idle?.Dispose();
        entry.Idle = null;
        if (_silos.TryGetValue(entry.Endpoint, out var entries) && entries.Remove(entry) && entries.Count == 0)
        {
            _silos.Remove(entry.Endpoint);
        }
    }
}
