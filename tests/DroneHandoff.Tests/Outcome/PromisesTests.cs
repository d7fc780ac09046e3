using DroneHandoff.Messages;
using DroneHandoff.Options;
using DroneHandoff.Outcome;

namespace DroneHandoff.Tests.Outcome;

/// <summary>The judge: a sound run passes, and each single fault is seen.</summary>
public sealed class PromisesTests
{
    [Fact]
    public void Judge_SoundRuns_KeepEveryPromise()
    {
        Assert.All(Promises.Judge(HandoffKind.Planned, Results.Planned), promise => Assert.True(promise.IsKept, promise.Text));
        Assert.All(Promises.Judge(HandoffKind.Crash, Results.Crash), promise => Assert.True(promise.IsKept, promise.Text));
    }

    [Fact]
    public void Judge_OneFault_IsSeen()
    {
        var planned = Results.Planned;
        AssertBroken(HandoffKind.Planned, planned with { Twin = planned.Twin with { LogitsSha256 = "00" } });
        AssertBroken(HandoffKind.Planned, planned with { Twin = planned.Twin with { Tokens = [1, 2, 4] } });
        AssertBroken(HandoffKind.Planned, planned with { Twin = planned.Twin with { Positions = 4090 } });
        AssertBroken(HandoffKind.Planned, planned with { StaleAppend = new StaleAppendEvent(false, "accepted") });
        AssertBroken(HandoffKind.Planned, planned with { EpochBefore = 3 });
        AssertBroken(HandoffKind.Planned, planned with { Left = planned.Left with { DurableKv = 4000 } });
        AssertBroken(HandoffKind.Planned, planned.WithRehydrated(b => b with { Loaded = 4095, Recomputed = 1 }));
        AssertBroken(HandoffKind.Planned, planned.WithRehydrated(b => b with { Loaded = 4095 }));
        AssertBroken(HandoffKind.Planned, planned.WithRehydrated(b => b with { Readings = 682 }));
        AssertBroken(HandoffKind.Planned, planned.WithRehydrated(b => b with { OtherNumerics = "threads 1" }));
        AssertBroken(HandoffKind.Crash, Results.Crash.WithRehydrated(b => b with { DurableTokens = 4149 }));
        AssertBroken(HandoffKind.Crash, Results.Crash.WithRehydrated(b => b with { DurableKv = 4095 }));
        AssertBroken(HandoffKind.Crash, Results.Crash.WithRehydrated(b => b with { Loaded = 4099, Recomputed = 63 }));
    }

    [Fact]
    public void Judge_OneFaultOfTheStandby_IsSeen()
    {
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Held = 4095, Loaded = 1 }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Held = 4095, Recomputed = 1 }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Held = 4095, Positions = 4095 }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Bytes = 2048 }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Followed = b.Followed! with { Recomputed = 64 } }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Followed = null }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { OtherNumerics = "threads 1" }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Epoch = 1 }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Readings = 682 }));
        AssertBroken(HandoffKind.Planned, Results.Planned.WithStandby(b => b with { Continued = b.Continued with { LogitsSha256 = "00" } }));
        AssertBroken(HandoffKind.Crash, Results.Crash.WithStandby(b => b with { Recomputed = 63, Held = 4099 }));
        AssertBroken(HandoffKind.Crash, Results.Crash.WithStandby(b => b with { Positions = 4149, DurableTokens = 4149, Recomputed = 49 }));
    }

    private static void AssertBroken(HandoffKind kind, HandoffResult result) =>
        Assert.Contains(Promises.Judge(kind, result), promise => !promise.IsKept);
}
