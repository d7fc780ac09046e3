using System.Collections.Concurrent;

namespace Swarm.Client.Streaming;

/// <summary>A thread on which the steps of one runtime are computed, so that neither a caller's thread nor one of the thread pool waits for a model.</summary>
/// <param name="name">What the thread is called, for debuggers and dumps.</param>
/// <remarks>The thread starts with the first step and ends with the worker. It does not keep the process alive.</remarks>
internal sealed class StepWorker(string name) : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Lock _lock = new();
    private Thread? _thread;
    private bool _isDisposed;

    /// <summary>Runs something on the thread, after what was asked for before.</summary>
    /// <param name="work">What is run.</param>
    /// <returns>Its result, or its exception. Who awaits it goes on by the thread pool.</returns>
    /// <exception cref="ObjectDisposedException">The worker is disposed.</exception>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (OperationCanceledException exception) when (exception.CancellationToken.IsCancellationRequested)
            {
                done.SetCanceled(exception.CancellationToken);
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        return done.Task;
    }

    /// <summary>Runs something on the thread, after what was asked for before, and tells nobody. Allocates nothing of its own.</summary>
    /// <param name="work">What is run. It throws nothing.</param>
    /// <exception cref="ObjectDisposedException">The worker is disposed.</exception>
    public void Post(Action work)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _work.Add(work);
            if (_thread is null)
            {
                _thread = new Thread(Work) { IsBackground = true, Name = name };
                _thread.UnsafeStart();
            }
        }
    }

    /// <summary>Ends the thread once it has run what was asked for. Harmless if repeated.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            _work.CompleteAdding();
            if (_thread is null)
            {
                _work.Dispose();
            }
        }
    }

    private void Work()
    {
        using (_work)
        {
            foreach (var work in _work.GetConsumingEnumerable())
            {
                work();
            }
        }
    }
}
