using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.DataPlane;
using Swarm.DataPlane.Client;

namespace Swarm.Client.Streaming;

/// <summary>
/// A session's way to its context: finds it, attaches to it on a connection that other sessions share, and carries out rewinds. One caller
/// at a time.
/// </summary>
/// <param name="control">The grains, and the connections.</param>
/// <param name="context">Context name.</param>
/// <param name="state">The session's state.</param>
/// <param name="secret">The session's secret.</param>
/// <param name="endpoint">Where the data plane is, as the lease said; <see langword="null"/> to ask for it.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class SessionLink(
    ControlPlane control,
    string context,
    SessionState state,
    SessionSecret secret,
    string? endpoint,
    ILogger logger) : IAsyncDisposable
{
    private PooledConnection? _connection;
    private SessionObserver? _observer;
    private DataPlaneSession? _session;
    private string? _endpoint = endpoint;
    private string _attachedTo = "";
    private RewindRequest? _rewind;

    /// <summary>Hears of rewinds before they are asked for, and when they are done.</summary>
    public IRewindObserver? RewindObserver { get; set; }

    /// <summary>Whether a rewind is under way.</summary>
    public bool IsRewinding => _rewind is not null;

    /// <summary>The secret in force.</summary>
    public SessionSecret Secret => secret;

    /// <summary>Hash of the secret in force.</summary>
    public Core.Identity.Digest256 SecretHash => secret.Hash;

    /// <summary>Whether the client is disposed: then the session cannot attach again.</summary>
    public bool IsClientDisposed => control.IsClosed;

    /// <summary>Cancelled when the present attachment is over.</summary>
    public CancellationToken Over => _observer?.Over ?? new CancellationToken(canceled: true);

    /// <summary>Why it is over.</summary>
    public string OverReason => _observer?.Reason ?? "";

    /// <summary>Attaches, unless that is so.</summary>
    /// <exception cref="StaleEpochException">The session does not hold the context any more.</exception>
    public async Task<DataPlaneSession> AttachAsync(CancellationToken cancellationToken)
    {
        if (_session is { } session && !Over.IsCancellationRequested)
        {
            return session;
        }

        await DropAsync().ConfigureAwait(false);
        _endpoint ??= await control.LocateAsync(context, cancellationToken).ConfigureAwait(false);
        var target = DataPlaneEndpoint.Parse(_endpoint);
        _attachedTo = _endpoint;
        _endpoint = null; // Ask again, should this attempt fail.
        _connection = await control.Connections.RentAsync(target, cancellationToken).ConfigureAwait(false);
        _observer = new SessionObserver(state, context, () => IsRewinding);
        try
        {
            _session = await AttachAsync(state.Epoch, secret, cancellationToken).ConfigureAwait(false);
        }
        catch (StaleEpochException) when (_rewind is not null)
        {
            // The rewind's answer was lost. If it took effect, its secret opens the next epoch.
            _session = await AttachAsync(state.Epoch.Next, _rewind.Secret, cancellationToken).ConfigureAwait(false);
            Complete(new Acquired(state.Epoch.Next, _session.Durable));
        }

        state.Note(_session.Epoch, _session.Durable);
        ClientLog.Streaming(
            logger, context, target.ToString(), state.Epoch.Value, _session.Durable.Tokens, _session.Durable.Kv);
        return _session;
    }

    /// <summary>Asks the grain where the context is.</summary>
    /// <returns>Its data plane, or <see langword="null"/> when that is the one attached to.</returns>
    public async Task<string?> FindElsewhereAsync(CancellationToken cancellationToken)
    {
        var found = await control.LocateAsync(context, cancellationToken).ConfigureAwait(false);
        return found == _attachedTo ? null : found;
    }

    /// <summary>Cuts the context back. After a failure, the same call again finds out and goes on.</summary>
    /// <exception cref="StaleEpochException">The session does not hold the context any more.</exception>
    public async Task RewindAsync(long length, SiloWatch watch, CancellationToken cancellationToken)
    {
        if (_rewind is null)
        {
            var request = new RewindRequest(length, SessionSecret.Create());
            RewindObserver?.BeginRewind(request.Length, request.Secret);
            _rewind = request;
        }

        var session = await AttachAsync(cancellationToken).ConfigureAwait(false);
        if (_rewind is { } rewind)
        {
            Complete(await watch.WhileHereAsync(
                session, token => session.RewindAsync(rewind.Length, rewind.Secret, token), cancellationToken)
                .ConfigureAwait(false));
        }
    }

    /// <summary>Goes on with a rewind of an earlier process whose outcome is not known.</summary>
    public void RestoreRewind(long length, SessionSecret secret) => _rewind = new RewindRequest(length, secret);

    /// <summary>Notes that the silo does not answer on the connection: no session that begins gets it.</summary>
    public void Suspect() => _connection?.Retire();

    /// <summary>Detaches, and lets go of the connection, which others may use.</summary>
    public async ValueTask DropAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync().ConfigureAwait(false);
        }

        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        _observer = null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => DropAsync();

    private Task<DataPlaneSession> AttachAsync(Epoch epoch, SessionSecret attachSecret, CancellationToken cancellationToken) =>
        _connection!.Client.AttachAsync(context, epoch, attachSecret, _observer!, cancellationToken);

    private void Complete(Acquired granted)
    {
        RewindObserver?.EndRewind(granted.Epoch, _rewind!.Secret, _rewind.Length);
        secret = _rewind!.Secret;
        _rewind = null;
        state.Advance(granted);
    }

    private sealed record RewindRequest(long Length, SessionSecret Secret);
}
