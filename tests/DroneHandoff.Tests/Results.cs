using DroneHandoff.Messages;
using DroneHandoff.Outcome;

namespace DroneHandoff.Tests;

/// <summary>Results of runs that never happened, for what judges and renders them.</summary>
internal static class Results
{
    public static HandoffResult Planned { get; } = Create(new ProgressEvent(683, 4096, 4096, 4096), 4096, 4096, 0);

    public static HandoffResult Crash { get; } = Create(new ProgressEvent(700, 4198, 4150, 4096), 4162, 4100, 62);

    public static HandoffResult WithRehydrated(this HandoffResult result, Func<TookOverEvent, TookOverEvent> change) =>
        With(result, Strategies.Rehydrate, change);

    public static HandoffResult WithStandby(this HandoffResult result, Func<TookOverEvent, TookOverEvent> change) =>
        With(result, Strategies.Standby, change);

    private static HandoffResult With(HandoffResult result, string strategy, Func<TookOverEvent, TookOverEvent> change) => result with
    {
        Successors = [.. result.Successors.Select(one => one.Strategy == strategy ? change(one) : one)],
    };

    private static HandoffResult Create(ProgressEvent left, long tokens, long kv, long recomputed)
    {
        var right = new ContinuedEvent(tokens, [1, 2, 3], "aa");
        var readings = 1 + ((tokens - 4) / 6);
        TookOverEvent Successor(string strategy, long loaded, long again, ContinuedEvent continued) => new(
            strategy, loaded + again, readings, loaded, again, loaded * 1024, loaded > 0 ? "memory" : "none", 12.5, tokens, kv,
            3, continued);
        return new HandoffResult(
            new ReadyEvent("tiny", 1_000_000, "f0", 1024, "libtorch; threads 2"),
            left,
            1,
            [
                Successor(Strategies.Standby, 0, tokens - kv, right) with
                {
                    Positions = tokens,
                    Held = kv,
                    TimeToFirstTokenMs = 2.5,
                    Followed = new FollowReport(2, 1, 0.5, 0, 1),
                },
                Successor(Strategies.Rehydrate, tokens - recomputed, recomputed, right),
                Successor(Strategies.RePrefill, 0, tokens, right with { LogitsSha256 = "bb" }),
                Successor(Strategies.Cold, 0, 0, right with { Positions = 0, LogitsSha256 = "cc" }),
            ],
            right with { Tokens = [1, 2, 3] },
            new StaleAppendEvent(true, "Epoch 1 is stale [current: 3]."),
            StepTimes.Compare([([3.0, 9.0, 4.0], [2.0]), ([1.0, 3.0], [1.0, 1.0, 7.0]), ([8.0], [2.0])]));
    }
}
