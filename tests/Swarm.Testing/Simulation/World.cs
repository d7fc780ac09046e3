using Microsoft.Extensions.Time.Testing;

namespace Swarm.Testing.Simulation;

/// <summary>One thread, one clock and one seeded choice of what runs next: the same seed gives the same run.</summary>
public sealed class World(int seed)
{
    private readonly List<(SimulatedProcess Process, Task Task)> _ready = [];

    public int Seed { get; } = seed;

    public Random Random { get; } = new(seed);

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public long Steps { get; private set; }

    public SimulatedProcess Start(string name) => new(this, name);

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
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        task.GetAwaiter().GetResult();
    }

    internal void Enqueue(SimulatedProcess process, Task task)
    {
        lock (_ready)
        {
            _ready.Add((process, task));
        }
    }

    private void Step()
    {
        Steps++;
        (SimulatedProcess Process, Task Task)? next = null;
        lock (_ready)
        {
            _ready.RemoveAll(item => item.Process.IsDead);
            var runnable = _ready.Count(item => !item.Process.IsPaused);
            if (runnable > 0)
            {
                var pick = Random.Next(runnable);
                var index = _ready.FindIndex(item => !item.Process.IsPaused && pick-- == 0);
                next = _ready[index];
                _ready.RemoveAt(index);
            }
        }

        if (next is not { } chosen)
        {
            Time.Advance(TimeSpan.FromMilliseconds(1 + Random.Next(8)));
        }
        else
        {
            chosen.Process.Execute(chosen.Task);
        }
    }
}
