namespace Swarm.DataPlane.Client;

/// <summary>The right to one attachment on a connection of a <see cref="DataPlanePool"/>. Detach first, then dispose this.</summary>
public sealed class PooledConnection : IAsyncDisposable
{
    private readonly DataPlanePool _pool;
    private readonly PoolEntry _entry;
    private int _isDisposed;

    internal PooledConnection(DataPlanePool pool, PoolEntry entry, DataPlaneClient client, bool isReused)
    {
        _pool = pool;
        _entry = entry;
        Client = client;
        IsReused = isReused;
    }

    /// <summary>The connection. Others use it too: do not dispose it.</summary>
    public DataPlaneClient Client { get; }

    /// <summary>
    /// Whether the connection was there before it was asked for. Such a one may be lost without anybody having noticed yet: what fails on it
    /// at once is worth a second attempt.
    /// </summary>
    public bool IsReused { get; }

    /// <summary>Has the connection handed out to nobody else, as when its silo does not answer. It is closed when the last one gives it back.</summary>
    public void Retire() => _pool.Retire(_entry);

    /// <summary>Gives the right back. The connection stays for the others, and for a while for the next one. Harmless to repeat.</summary>
    /// <returns>A task that ends when the connection is closed, where nobody uses or wants it any more; otherwise at once.</returns>
    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _isDisposed, 1) == 0 ? _pool.ReturnAsync(_entry) : ValueTask.CompletedTask;
}

/// <summary>One connection of a <see cref="DataPlanePool"/>, or an attempt to make one. All state is guarded by the pool's lock.</summary>
/// <param name="endpoint">Where the silo is, as it was asked for.</param>
internal sealed class PoolEntry(DataPlaneEndpoint endpoint)
{
    /// <summary>Where the silo is, as it was asked for.</summary>
    public DataPlaneEndpoint Endpoint { get; } = endpoint;

    /// <summary>Ends with the attempt to connect.</summary>
    public TaskCompletionSource<DataPlaneClient> Connecting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The connection; <see langword="null"/> until there is one.</summary>
    public DataPlaneClient? Client { get; set; }

    /// <summary>Those who wait for the connection.</summary>
    public int Waiting { get; set; }

    /// <summary>Attachments that were promised.</summary>
    public int Rented { get; set; }

    /// <summary>Whether nobody else gets it.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Closes the connection when nobody has used it for a while.</summary>
    public ITimer? Idle { get; set; }

    /// <summary>Those who use the connection, or will.</summary>
    public int Load => Waiting + Rented;

    /// <summary>Whether the silo takes one more attachment. Nobody knows before it has said how many it takes: then as many may wait as want to.</summary>
    public bool HasRoom => Client is null || Rented + Client.AbandonedAttaches < Math.Max(1, Client.Limits.MaxAttachments);
}
