using Swarm.Core.Contexts;

namespace Swarm.Client.Streaming;

/// <summary>What is known of a session: epoch, watermarks, and whether it is over. Thread-safe.</summary>
internal sealed class SessionState : IDisposable
{
    /// <summary>What the agent's author knows the session as.</summary>
    private const string Owner = "AgentMemory";

    private readonly CancellationTokenSource _fenced = new();
    private readonly Action<Exception>? _callbackFailed;
    private readonly Lock _lock = new();
    private Watermarks _durable;
    private Epoch _epoch;
    private Exception? _fault;
    private Refusal? _held;
    private bool _isReleasing;
    private bool _released;
    private bool _isTold;

    /// <summary>Begins what is known of a session.</summary>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="durable">What is durable.</param>
    /// <param name="callbackFailed">Told what callbacks that the agent's author has registered on <see cref="Fenced"/> threw; <see langword="null"/>
    /// leaves it to <see cref="TaskScheduler.UnobservedTaskException"/>.</param>
    public SessionState(Epoch epoch, Watermarks durable, Action<Exception>? callbackFailed = null)
    {
        (_epoch, _durable, _callbackFailed) = (epoch, durable, callbackFailed);
        Fenced = _fenced.Token;
    }

    /// <summary>Fires at every change.</summary>
    public Pulse Changed { get; } = new();

    /// <summary>Cancelled once another session holds the context.</summary>
    public CancellationToken Fenced { get; }

    public Watermarks Durable
    {
        get
        {
            lock (_lock)
            {
                return _durable;
            }
        }
    }

    public Epoch Epoch
    {
        get
        {
            lock (_lock)
            {
                return _epoch;
            }
        }
    }

    /// <summary>Notes watermarks. Within an epoch they only grow; those of another epoch are not this session's.</summary>
    public void Note(Epoch epoch, Watermarks durable)
    {
        lock (_lock)
        {
            if (epoch != _epoch)
            {
                return;
            }

            _durable = new Watermarks(Math.Max(_durable.Tokens, durable.Tokens), Math.Max(_durable.Kv, durable.Kv));
        }

        Changed.Fire();
    }

    /// <summary>Notes the session's own new epoch.</summary>
    public void Advance(Acquired granted)
    {
        lock (_lock)
        {
            (_epoch, _durable) = (granted.Epoch, granted.Durable);
        }

        Changed.Fire();
    }

    /// <summary>Whether the session gives the context back, so that a new epoch may be its own doing.</summary>
    public bool IsReleasing
    {
        get
        {
            lock (_lock)
            {
                return _isReleasing;
            }
        }
    }

    /// <summary>Whether the context was given back.</summary>
    public bool IsReleased
    {
        get
        {
            lock (_lock)
            {
                return _released;
            }
        }
    }

    /// <summary>Whether a call of the session has said that it is over.</summary>
    public bool IsTold
    {
        get
        {
            lock (_lock)
            {
                return _isTold;
            }
        }
    }

    /// <summary>Notes that a call says that the session is over.</summary>
    public void NoteTold()
    {
        lock (_lock)
        {
            _isTold = true;
        }
    }

    /// <summary>Notes that another session holds the context. While this one gives it back, that may be its own doing: the refusal is held back.</summary>
    /// <param name="refusal">Why the session is over.</param>
    /// <param name="isTold">Whether the caller throws it.</param>
    /// <returns>Whether the session was not over, and is now.</returns>
    public bool Fence(Refusal refusal, bool isTold = false)
    {
        lock (_lock)
        {
            _isTold |= isTold;
            if (_fault is not null || _released)
            {
                return false;
            }

            if (_isReleasing)
            {
                _held ??= refusal;
                return false;
            }

            _fault = new StaleEpochException(refusal);
        }

        _ = CancelAsync(); // Whatever the agent's author has registered must not run on the connection's reader, which other sessions share.
        Changed.Fire();
        return true;
    }

    /// <summary>Ends the session for a reason that no repeat will change.</summary>
    public void Fail(Exception exception)
    {
        lock (_lock)
        {
            _fault ??= exception;
        }

        Changed.Fire();
    }

    /// <summary>Ends the session because its owner does.</summary>
    public void End()
    {
        lock (_lock)
        {
            _fault ??= new ObjectDisposedException(Owner);
        }

        Changed.Fire();
    }

    /// <summary>The session begins to give the context back: from now on a new epoch may be its own doing.</summary>
    public void BeginReleasing()
    {
        lock (_lock)
        {
            (_isReleasing, _held) = (true, null);
        }
    }

    /// <summary>The session does not give the context back any more. Unless that is done, it is over if it was refused meanwhile.</summary>
    /// <returns>Whether it is.</returns>
    public bool StopReleasing()
    {
        Refusal? held;
        lock (_lock)
        {
            (_isReleasing, held, _held) = (false, _held, null);
        }

        return held is not null && Fence(held);
    }

    /// <summary>The context was given back: the session is over.</summary>
    public void Release()
    {
        lock (_lock)
        {
            (_released, _isReleasing) = (true, false);
        }

        Changed.Fire();
    }

    /// <summary>Throws if the session is over.</summary>
    public void ThrowIfOver()
    {
        lock (_lock)
        {
            if (_released)
            {
                throw new InvalidOperationException("The session has given its context back: open it again.");
            }

            _isTold |= _fault is not null;
            switch (_fault)
            {
                case ObjectDisposedException:
                    throw new ObjectDisposedException(Owner);
                case StaleEpochException stale:
                    throw new StaleEpochException(stale.Refusal);
                case not null:
                    throw new SwarmTransportException(
                        $"Streaming ended for good: {_fault.Message}", isTransient: false, _fault);
            }
        }
    }

    /// <summary>Waits until something holds, or the session is over.</summary>
    public async ValueTask WaitAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = Changed.Next;
            ThrowIfOver();
            if (condition())
            {
                return;
            }

            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _fenced.Dispose();

    private async Task CancelAsync()
    {
        try
        {
            await _fenced.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (_callbackFailed is not null)
        {
            _callbackFailed(exception);
        }
    }
}
