namespace Swarm.Testing.Simulation;

/// <summary>One thread, one clock and one seeded choice of what runs next: the same seed gives the same run.</summary>
public sealed class World(int seed)
{
    private readonly List<(SimulatedProcess Process, Task Task)> _ready = [];
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
            SynchronizationContext.SetSynchronizationContext(before);
        }

        task.GetAwaiter().GetResult();
    }

    /// <summary>Ends the run: what was seen must never be.</summary>
    public void Fail(Exception violation) => _violation ??= violation;

    internal void Forget(SimulatedProcess process)
    {
        lock (_ready)
        {
            _ready.RemoveAll(item => item.Process == process);
        }
    }

    internal void Enqueue(SimulatedProcess process, Task task)
    {
        lock (_ready)
        {
            if (!process.IsDead)
            {
                _ready.Add((process, task));
            }
        }
    }

    private void Step()
    {
        Steps++;
        (SimulatedProcess Process, Task Task)? next = null;
        lock (_ready)
        {
            var runnable = _ready.Count(item => !item.Process.IsPaused);
            if (runnable > 0)
            {
                var pick = Random.Next(runnable);
                var index = _ready.FindIndex(item => !item.Process.IsPaused && pick-- == 0);
                if (_ready[index].Process is { IsOrdered: true } ordered)
                {
                    index = _ready.FindIndex(item => item.Process == ordered);
                }

                next = _ready[index];
                _ready.RemoveAt(index);
            }
        }

        if (next is not { } chosen)
        {
            Time.GoOn();
        }
        else
        {
            chosen.Process.Execute(chosen.Task);
        }
    }
}
