using System.Collections.Concurrent;

namespace Swarm.Benchmarks.Paths;

/// <summary>A thread for the steps of a model without Swarm, as a session has one: OpenMP keeps threads of its own for each thread that computes.</summary>
internal sealed class ReferenceThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    public ReferenceThread()
    {
        _thread = new Thread(() =>
        {
            foreach (var work in _work.GetConsumingEnumerable())
            {
                work();
            }
        });
        _thread.Start();
    }

    /// <summary>Runs something on the thread.</summary>
    /// <returns>A task that ends when it has run.</returns>
    public Task RunAsync(Action work)
    {
        var task = new Task(work, TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => task.RunSynchronously());
        return task;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }
}
