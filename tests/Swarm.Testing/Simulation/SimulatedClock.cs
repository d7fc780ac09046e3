namespace Swarm.Testing.Simulation;

/// <summary>A clock that goes on only when it is told to, from one timer's moment to the next.</summary>
public sealed class SimulatedClock : TimeProvider
{
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(SimulatedTimer Timer, int Version), (long Due, long Order)> _timers = new();
    private long _now;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _start.AddTicks(Volatile.Read(ref _now));

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Goes to the next timer's moment and fires what is due; if there is none, a millisecond on.</summary>
    public void GoOn()
    {
        var due = new List<SimulatedTimer>();
        lock (_lock)
        {
            var isFirst = true;
            while (_timers.TryPeek(out var next, out var priority))
            {
                if (next.Timer.Version != next.Version)
                {
                    _timers.Dequeue();
                    continue;
                }

                if (isFirst)
                {
                    _now = Math.Max(_now, priority.Due);
                    isFirst = false;
                }

                if (priority.Due > _now)
                {
                    break;
                }

                _timers.Dequeue();
                due.Add(next.Timer);
            }

            _now += isFirst ? TimeSpan.TicksPerMillisecond : 0;
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    internal void Schedule(SimulatedTimer timer, TimeSpan dueTime)
    {
        lock (_lock)
        {
            timer.Version++;
            if (dueTime >= TimeSpan.Zero)
            {
                _timers.Enqueue((timer, timer.Version), (_now + dueTime.Ticks, _order++));
            }
        }
    }
}
