using Swarm.Client.Streaming;

namespace Swarm.Client.Following;

/// <summary>How far a follower has come, for whoever waits for it or looks. Thread-safe.</summary>
internal sealed class FollowProgress(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Pulse _epochs = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StandbyStatus _status = new(default, default, default, false, 0, 0, 0);
    private Epoch? _confirmed;
    private long _caughtUp = time.GetTimestamp(); // When it last held all that it knew to be durable.

    /// <summary>How far it has come.</summary>
    public StandbyStatus Status
    {
        get
        {
            lock (_lock)
            {
                return _status;
            }
        }
    }

    /// <summary>The epoch that the silo has told on the present connection: all that is held was compared with it, and is of it.</summary>
    public Epoch? ConfirmedEpoch
    {
        get
        {
            lock (_lock)
            {
                return _confirmed;
            }
        }
    }

    /// <summary>Completes at the next change of <see cref="Status"/>.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>Completes when it is told of another epoch.</summary>
    public Task EpochChanged => _epochs.Next;

    /// <summary>How far it is behind.</summary>
    public StandbyLag Lag
    {
        get
        {
            lock (_lock)
            {
                var (held, durable) = (_status.Held, _status.Durable);
                return new StandbyLag(
                    Math.Max(0, durable.Tokens - held.Tokens),
                    Math.Max(0, durable.Kv - held.Kv),
                    IsCaughtUp() ? TimeSpan.Zero : time.GetElapsedTime(_caughtUp));
            }
        }
    }

    /// <summary>Notes an epoch that the silo has told.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="isConfirmed">Whether all that is held is of it.</param>
    public void NoteEpoch(Epoch epoch, bool isConfirmed)
    {
        bool isOther;
        TaskCompletionSource changed;
        lock (_lock)
        {
            isOther = _status.Epoch != epoch;
            changed = Replace(_status with { Epoch = epoch });
            _confirmed = isConfirmed ? epoch : null;
        }

        changed.TrySetResult();
        if (isOther)
        {
            _epochs.Fire();
        }
    }

    /// <summary>Replaces the status.</summary>
    /// <param name="change">Makes the next from the last one; must have no side effects.</param>
    public void Change(Func<StandbyStatus, StandbyStatus> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            var next = change(_status);
            if (next == _status)
            {
                return;
            }

            changed = Replace(next);
        }

        changed.TrySetResult();
    }

    private TaskCompletionSource Replace(StandbyStatus next)
    {
        if (IsCaughtUp())
        {
            _caughtUp = time.GetTimestamp();
        }

        _status = next;
        _confirmed = next.IsConnected ? _confirmed : null;
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return changed;
    }

    // Not before what is held was compared on the present connection: it may have been taken back.
    private bool IsCaughtUp() => _status.IsConnected && _confirmed is not null
        && _status.Held.Tokens >= _status.Durable.Tokens && _status.Held.Kv >= _status.Durable.Kv;
}
