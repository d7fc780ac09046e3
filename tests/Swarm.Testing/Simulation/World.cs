namespace Swarm.Testing.Simulation;

/// <summary>One thread, one clock and one seeded choice of what runs next: the same seed gives the same run.</summary>
/// <remarks>Work that comes from another thread is a violation: something hopped to the thread pool, and no seed decides when.</remarks>
public sealed class World(int seed)
{
    private readonly List<(SimulatedProcess Process, Task Task)> _ready = [];
    private int? _thread;
    private Exception? _violation;

    public int Seed { get; } = seed;

    public Random Random { get; } = new(seed);

    public SimulatedClock Time { get; } = new();

    public long Steps { get; private set; }

    public SimulatedProcess Start(string name, bool isOrdered = false) => new(this, name) { IsOrdered = isOrdered };

    /// <summary>Runs until a task has ended; its failure is thrown.</summary>
    public void RunUntil(Task task, long maxSteps = 2_000_000)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            for (long step = 0; !task.IsCompleted; step++)
            {
                if (step > maxSteps)
                {
                    throw new TimeoutException($"Seed {Seed}: no end after {maxSteps} steps.");
                }

                Step();
                if (_violation is not null)
                {
                    throw new InvalidOperationException(_violation.Message, _violation);
                }
            }
        }
        finally
        {
            _thread = null;
            SynchronizationContext.SetSynchronizationContext(before);
        }

        task.GetAwaiter().GetResult();
    }

    /// <summary>Ends the run: what was seen must never be.</summary>
    public void Fail(Exception violation) => _violation ??= violation;

    internal void Forget(SimulatedProcess process)
    {
        _ready.RemoveAll(item => item.Process == process);
    }

    internal void Enqueue(SimulatedProcess process, Task task)
    {
        if (_thread is { } thread && Environment.CurrentManagedThreadId != thread)
        {
            Fail(new InvalidOperationException($"Seed {Seed}: {process.Name} got work from another thread: {Environment.StackTrace}"));
        }
        else if (!process.IsDead)
        {
            _ready.Add((process, task));
        }
    }

    private void Step()
    {
        Steps++;
        var next = Pick();
        if (next < 0)
        {
            Time.GoOn();
            return;
        }

        var (process, task) = _ready[next];
        _ready.RemoveAt(next);
        process.Execute(task);
    }

    /// <summary>Which of the tasks that may run is next; of an ordered process always its first.</summary>
    private int Pick()
    {
        var runnable = 0;
        foreach (var (process, _) in _ready)
        {
            runnable += process.IsPaused ? 0 : 1;
        }

        if (runnable == 0)
        {
            return -1;
        }

        var index = IndexOf(Random.Next(runnable));
        if (_ready[index].Process is { IsOrdered: true } ordered)
        {
            index = 0;
            while (_ready[index].Process != ordered)
            {
                index++;
            }
        }

        return index;
    }

    private int IndexOf(int runnable)
    {
        var index = 0;
        while (_ready[index].Process.IsPaused || runnable-- > 0)
        {
            index++;
        }

        return index;
    }
}
