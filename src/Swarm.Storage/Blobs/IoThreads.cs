namespace Swarm.Storage.Blobs;

/// <summary>A few threads for calls that block in the kernel, so that an fsync never holds up the thread pool.</summary>
/// <remarks>Threads start when needed and end after <see cref="IdleTime"/> without work.</remarks>
/// <param name="name">Names the threads.</param>
/// <param name="maxThreads">At most so many calls at once.</param>
internal sealed class IoThreads(string name, int maxThreads)
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly Queue<IIoCall> _queue = new();
    private int _threads;
    private int _idle;

    /// <summary>Makes a call on one of the threads.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Cancels it while it is queued; a call that began goes on to its end.</param>
    public Task<T> RunAsync<T>(Func<T> call, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var queued = new IoCall<T>(call, cancellationToken);
        var startThread = false;
        lock (_queue)
        {
            _queue.Enqueue(queued);
            if (_idle >= _queue.Count)
            {
                Monitor.Pulse(_queue);
            }
            else if (_threads < maxThreads)
            {
                _threads++;
                startThread = true;
            }
        }

        if (startThread)
        {
            Start();
        }

        return queued.Task;
    }

    /// <summary>The fault for a process that has no memory, threads or files left; trying again may help.</summary>
    public static BlobStoreException OutOfResources(string action, Exception cause) => new(
        $"Could not {action} for the store: {cause.Message} Memory, threads or files are used up: see 'ulimit -a' and the container's limits.",
        isTransient: true,
        cause);

    private void Start()
    {
        try
        {
            new Thread(Work) { IsBackground = true, Name = name }.UnsafeStart();
        }
        catch (Exception fault) when (fault is OutOfMemoryException or ThreadStartException)
        {
            IIoCall[] stranded = [];
            lock (_queue)
            {
                if (--_threads == 0)
                {
                    stranded = [.. _queue];
                    _queue.Clear();
                }
            }

            // Without any thread nobody else would make them.
            foreach (var call in stranded)
            {
                call.Fail(OutOfResources("start a thread", fault));
            }
        }
    }

    private void Work()
    {
        while (Next() is { } call)
        {
            call.Execute();
        }
    }

    private IIoCall? Next()
    {
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                _idle++;
                var woken = Monitor.Wait(_queue, IdleTime);
                _idle--;
                if (!woken && _queue.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }

            return _queue.Dequeue();
        }
    }
}
