using System.Runtime.CompilerServices;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Server;

/// <summary>One context on one connection, for a session or for a reader.</summary>
internal sealed class ServerAttachment : IDisposable
{
    private readonly ServerConnection _connection;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private readonly CancellationTokenRegistration _registration;
    private readonly Lock _lock = new();
    private StrongBox<SessionProof>? _proof;
    private Task _rewinding = Task.CompletedTask;
    private int _pending;
    private long _pendingInputBytes;
    private volatile bool _isGivenUp;

    public ServerAttachment(ServerConnection connection, uint id, IOpenContext context, SessionProof? proof)
    {
        _connection = connection;
        Id = id;
        Context = context;
        _proof = proof is { } value ? new StrongBox<SessionProof>(value) : null;
        _ended = _ending.Token;
        _registration = connection.Ended.UnsafeRegister(static ending => ((CancellationTokenSource)ending!).Cancel(), _ending);
        EndRequest = () => Interlocked.Decrement(ref _pending);
        Account = new IngestAccount(bytes => connection.Post(FrameType.Credit, id, 0, new Credit(bytes)));
    }

    /// <summary>The id on this connection.</summary>
    public uint Id { get; }

    /// <summary>The context.</summary>
    public IOpenContext Context { get; }

    /// <summary>Its part of the ingest budget.</summary>
    public IngestAccount Account { get; }

    /// <summary>Whether it is a session's, not a reader's.</summary>
    public bool IsSession => Volatile.Read(ref _proof) is not null;

    /// <summary>The session's proof.</summary>
    /// <exception cref="SwarmRefusedException">This is a reader.</exception>
    public SessionProof Proof => Volatile.Read(ref _proof)?.Value ?? throw new SwarmRefusedException(new Refusal(
        RefusalCode.Invalid, $"Attachment {Id} is a reader and cannot append; attach with a session instead."));

    /// <summary>Notes a request that waits for its answer.</summary>
    /// <returns><see langword="false"/> if as many wait as may.</returns>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _pending) <= _connection.Options.MaxPendingRequests)
        {
            return true;
        }

        Interlocked.Decrement(ref _pending);
        return false;
    }

    /// <summary>Notes that a request was answered. One delegate for all requests.</summary>
    public Action EndRequest { get; }

    /// <summary>Notes the body of an append of inputs that waits for its answer.</summary>
    /// <returns><see langword="false"/> if as many bytes wait as may.</returns>
    public bool TryHoldInputs(int bytes)
    {
        if (Interlocked.Add(ref _pendingInputBytes, bytes) <= _connection.Options.MaxPendingInputBytes)
        {
            return true;
        }

        Interlocked.Add(ref _pendingInputBytes, -bytes);
        return false;
    }

    /// <summary>Notes that an append of inputs was answered.</summary>
    public void ReleaseInputs(int bytes) => Interlocked.Add(ref _pendingInputBytes, -bytes);

    /// <summary>Notes with the context that the session's connection is lost: it has not detached.</summary>
    public void NoteConnectionLost()
    {
        if (IsSession)
        {
            Context.RecordConnectionLost(this);
        }
    }

    /// <summary>Ends the attachment for its own fault: its client is told that it moved, and attaches again. The connection goes on.</summary>
    public void GiveUp()
    {
        _isGivenUp = true; // Told by the watch loop, so that no watermarks come behind.
        _connection.Remove(this);
    }

    /// <summary>Cuts the context back. The session's proof changes with it.</summary>
    public async Task<DurableState> RewindAsync(Rewind rewind)
    {
        var hash = Digest256.Sha256(rewind.Secret);
        Task<Acquired> rewinding;
        lock (_lock)
        {
            rewinding = RewindCoreAsync(Proof, rewind.Length, hash);
            _rewinding = rewinding;
        }

        var granted = await rewinding.ConfigureAwait(false);
        return new DurableState(granted.Epoch.Value, granted.Durable);
    }

    /// <summary>Pushes each change of the durable state, until the attachment is over.</summary>
    public async Task WatchAsync(Epoch seenEpoch, Watermarks seen)
    {
        try
        {
            while (true)
            {
                var status = await Context.WaitForChangeAsync(seenEpoch, seen, _ended).ConfigureAwait(false);
                if (Context.Closed.IsCancellationRequested)
                {
                    PushMoved();
                    return;
                }

                if (status.Epoch != seenEpoch && await IsFencedAsync(status.Epoch).ConfigureAwait(false))
                {
                    _connection.Remove(this);
                    _connection.Post(FrameType.Fenced, Id, 0, new DurableState(status.Epoch.Value, status.Durable));
                    return;
                }

                (seenEpoch, seen) = (status.Epoch, status.Durable);
                await _connection.SendAsync(
                    FrameType.Durable, Id, 0, new DurableState(status.Epoch.Value, status.Durable))
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            if (_isGivenUp)
            {
                PushMoved();
            }

            // Otherwise detached, or the connection ended.
        }
        catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.Moved)
        {
            PushMoved();
        }
        catch (Exception exception)
        {
            _connection.Fail("watch", exception);
            PushMoved(); // The client attaches again, wherever the context is.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection.Budget.Close(Account);
        _registration.Unregister(); // Or the connection would keep it to its end. Never waits, as disposing would while the connection ends.
        _ending.Cancel();
    }

    private async Task<Acquired> RewindCoreAsync(SessionProof proof, long length, Digest256 hash)
    {
        // Closing the connection must not leave the outcome open for those who wait below.
        var granted = await Context.RewindAsync(proof, length, hash, CancellationToken.None).ConfigureAwait(false);
        Volatile.Write(ref _proof, new StrongBox<SessionProof>(new SessionProof(granted.Epoch, hash)));
        return granted;
    }

    /// <summary>Whether an epoch is somebody else's: the session's own rewind raises it as well.</summary>
    private async ValueTask<bool> IsFencedAsync(Epoch epoch)
    {
        if (Volatile.Read(ref _proof) is null)
        {
            return false;
        }

        Task rewinding;
        lock (_lock)
        {
            rewinding = _rewinding;
        }

        await rewinding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return epoch > Proof.Epoch;
    }

    private void PushMoved()
    {
        _connection.Remove(this);
        _connection.Post(FrameType.Moved, Id, 0, default(Empty));
    }
}
