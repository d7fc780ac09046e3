namespace Swarm.Storage.Blobs;

/// <summary>A queued call of <see cref="IoThreads"/>.</summary>
internal interface IIoCall
{
    /// <summary>Makes the call, unless it was cancelled meanwhile. Does not throw.</summary>
    void Execute();

    /// <summary>Ends the call without making it, unless it was cancelled meanwhile. Does not throw.</summary>
    /// <param name="fault">Why.</param>
    void Fail(Exception fault);
}

/// <summary>A queued call and the task for its result.</summary>
internal sealed class IoCall<T> : IIoCall
{
    private const int Queued = 0;
    private const int Taken = 1;

    private readonly Func<T> _call;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state = Queued;

    public IoCall(Func<T> call, CancellationToken cancellationToken)
    {
        _call = call;
        _cancellationToken = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(static self => ((IoCall<T>)self!).Cancel(), this);
    }

    /// <summary>Ends when the call has ended, or was cancelled before it began.</summary>
    public Task<T> Task => _completion.Task;

    /// <inheritdoc/>
    public void Execute()
    {
        if (Interlocked.Exchange(ref _state, Taken) != Queued)
        {
            return;
        }

        _registration.Unregister();
        try
        {
            _completion.SetResult(_call());
        }
        catch (OperationCanceledException exception)
        {
            _completion.SetCanceled(exception.CancellationToken);
        }
        catch (OutOfMemoryException exception)
        {
            // Of native memory, threads or files: it passes, as a full volume does.
            _completion.SetException(IoThreads.OutOfResources("make a call", exception));
        }
        catch (Exception exception)
        {
            _completion.SetException(exception);
        }
    }

    /// <inheritdoc/>
    public void Fail(Exception fault)
    {
        if (Interlocked.Exchange(ref _state, Taken) == Queued)
        {
            _registration.Unregister();
            _completion.SetException(fault);
        }
    }

    private void Cancel()
    {
        if (Interlocked.Exchange(ref _state, Taken) == Queued)
        {
            _completion.SetCanceled(_cancellationToken);
        }
    }
}
