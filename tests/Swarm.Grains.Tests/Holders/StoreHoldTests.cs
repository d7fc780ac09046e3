using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Clustering.Holders;
using Swarm.Testing;
using Swarm.Testing.Simulation;
using Xunit;

namespace Swarm.Grains.Tests.Holders;

/// <summary>Who has a store, in simulated time: silos on several machines, of several clusters.</summary>
public sealed class StoreHoldTests
{
    private readonly World _world = new(new SeededTest().Seed);
    private readonly SimulatedBlobStore _blobs;
    private readonly List<string> _lost = [];

    public StoreHoldTests() => _blobs = new SimulatedBlobStore(_world, StoreFaults.None);

    private TimeSpan Now => _world.Time.GetElapsedTime(0);

    [Theory]
    [InlineData(null, null)]
    [InlineData(null, "one")]
    [InlineData("one", null)]
    [InlineData("one", "two")]
    public void Take_WhileAnotherLives_IsRefusedAndTheHolderKeepsIt(string? holder, string? other)
    {
        var hold = Take("a", holder);

        var refused = Assert.Throws<StoreHeldException>(() => Take("b", other));

        Assert.Contains("'a'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Swarm:Cluster:Kind=store", refused.Message, StringComparison.Ordinal);
        Wait(StoreHold.Silence * 3);
        Assert.Null(hold.Hold.Fault);
        Assert.Empty(_lost);
    }

    [Fact]
    public void Take_SameCluster_JoinsAtOnceAndOneOfThemMayDie()
    {
        var first = Take("a", "one");
        var before = Now;
        var second = Take("b", "one");
        Assert.True(Now - before < StoreHold.Period, $"joining took {Now - before}");
        Wait(StoreHold.Silence);

        first.Process.Kill();
        Wait(StoreHold.Silence * 2);

        Assert.Throws<StoreHeldException>(() => Take("c", null));
        Assert.Null(second.Hold.Fault);
        Assert.Empty(_lost);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("one")]
    public void Take_HolderElsewhereWasKilled_WaitsForItsSilenceAndNoLonger(string? holder)
    {
        Take("a", holder).Process.Kill();
        var killed = Now;

        Take("b", null);

        Assert.InRange(Now - killed, StoreHold.Silence, StoreHold.Silence + StoreHold.Period);
    }

    [Fact]
    public void Take_HolderHasLeft_IsHadAtOnce()
    {
        var first = Take("a", null);
        Run(first.Process, async () =>
        {
            await first.Hold.DisposeAsync();
            return true;
        });
        var left = Now;

        Take("b", null);

        Assert.True(Now - left < StoreHold.Period, $"it took {Now - left}");
    }

    [Fact]
    public void Take_SeveralWaitForADeadHolder_OneGetsIt()
    {
        Take("dead", null).Process.Kill();
        var rivals = new[] { "a", "b", "c" }.Select(name =>
        {
            var process = _world.Start(name);
            return process.Run(() => TakeCoreAsync(name, null));
        }).ToArray();

        _world.RunUntil(Task.WhenAll(rivals.Select(task => task.ContinueWith(
            _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default))));

        Assert.Single(rivals, task => task.IsCompletedSuccessfully);
        Assert.All(rivals.Where(task => task.IsFaulted), task => Assert.IsType<StoreHeldException>(task.Exception!.InnerException));
    }

    [Fact]
    public void Renew_AfterStandingStillTooLong_SaysThatAnotherHasIt()
    {
        var paused = Take("a", null);
        paused.Process.IsPaused = true;
        var next = Take("b", null);

        paused.Process.IsPaused = false;
        Wait(StoreHold.Period * 2);

        Assert.Contains("'b'", Assert.Single(_lost), StringComparison.Ordinal);
        Assert.NotNull(paused.Hold.Fault);
        Assert.Null(next.Hold.Fault);
    }

    [Fact]
    public void Renew_StoreWasEmptied_SaysSoAndMakesNothingAnew()
    {
        var hold = Take("a", null).Hold;

        _blobs.Remove(StoreHold.ObjectName);
        Wait(StoreHold.Period * 3);

        Assert.Contains("emptied or replaced", hold.Fault, StringComparison.Ordinal);
        Assert.Empty(_blobs.Objects);
    }

    [Fact]
    public void Renew_AnswersAreLostAndRequestsFail_KeepsIt()
    {
        var hold = Take("a", null).Hold;
        _blobs.Faults = StoreFaults.Pick(_world.Random);

        Wait(StoreHold.Silence * 20);

        Assert.Null(hold.Fault);
        Assert.Empty(_lost);
    }

    [Fact]
    public void Take_UnreadableEntry_IsWatchedAndThenReplaced()
    {
        Take("a", null).Process.Kill();
        _blobs.Corrupt(StoreHold.ObjectName, _ => [1, 2, 3]);
        var before = Now;

        Take("b", null);

        Assert.True(Now - before >= StoreHold.Silence, $"it took only {Now - before}");
    }

    private (StoreHold Hold, SimulatedProcess Process) Take(string machine, string? sharedBy)
    {
        var process = _world.Start(machine);
        return (Run(process, () => TakeCoreAsync(machine, sharedBy)), process);
    }

    private Task<StoreHold> TakeCoreAsync(string machine, string? sharedBy) => StoreHold.TakeAsync(
        _blobs,
        sharedBy,
        new HolderProcess(machine, machine, 1, "1"),
        _world.Time,
        NullLogger.Instance,
        _lost.Add,
        CancellationToken.None);

    private void Wait(TimeSpan time) => Run(_world.Start("waiting"), async () =>
    {
        await Task.Delay(time, _world.Time);
        return true;
    });

    private T Run<T>(SimulatedProcess process, Func<Task<T>> work)
    {
        var task = process.Run(work);
        _world.RunUntil(task);
        return task.Result;
    }
}
