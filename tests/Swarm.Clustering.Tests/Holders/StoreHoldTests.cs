using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Clustering.Holders;
using Swarm.Testing;
using Swarm.Testing.Simulation;
using Xunit;

namespace Swarm.Clustering.Tests.Holders;

/// <summary>Who has a store, in simulated time: silos on several machines, of several clusters.</summary>
public sealed class StoreHoldTests
{
    private readonly World _world = new(new SeededTest().Seed);
    private readonly SimulatedBlobStore _blobs;
    private readonly List<string> _lost = [];
    private Func<bool> _isReplaced = () => false;

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
        Wait(StoreHold.Period * 3); // One look finds the document, the next one that it changes.

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
        _blobs.Faults = StoreFaults.None;
        Wait(StoreHold.Silence); // The last one may have been away.

        Assert.Null(hold.Fault);
        Assert.Empty(_lost);
    }

    // The silo's contexts end by themselves then. A process that ended would be started again over the wrong store.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Renew_StoreWasReplaced_SaysSoAndDoesNotEndTheSilo(bool otherLives)
    {
        var hold = Take("a", null).Hold;
        var (another, process) = TakeAnother("b");
        process.IsPaused = !otherLives;

        _blobs.Restore(another.Objects);
        _isReplaced = () => true;
        for (var round = 0; round < 10; round++)
        {
            Wait(StoreHold.Period);
            _blobs.Restore(another.Objects); // As the other holder writes it.
        }

        Assert.Contains("the store was replaced", hold.Fault, StringComparison.Ordinal);
        Assert.Equal(another.Objects[StoreHold.ObjectName], _blobs.Objects[StoreHold.ObjectName]);
        Assert.Empty(_lost);
    }

    [Fact]
    public void Renew_StoreSetBackToADeadHolders_IsTakenAgainAfterItsSilence()
    {
        var (dead, _) = TakeAnother("dead");
        var hold = Take("a", null).Hold;

        _blobs.Restore(dead.Objects);
        Wait(StoreHold.Period * 2);
        Assert.Contains("'dead'", hold.Fault, StringComparison.Ordinal);
        Wait(StoreHold.Silence + StoreHold.Period);

        Assert.Null(hold.Fault);
        Assert.Empty(_lost);
        Assert.Throws<StoreHeldException>(() => Take("b", null));
    }

    [Fact]
    public void Renew_AfterStandingStill_TakesAStoreAgainThatWasLeft()
    {
        var paused = Take("a", null);
        paused.Process.IsPaused = true;
        var next = Take("b", null);
        Run(next.Process, async () =>
        {
            await next.Hold.DisposeAsync();
            return true;
        });

        paused.Process.IsPaused = false;
        Wait(StoreHold.Period * 2);

        Assert.Null(paused.Hold.Fault);
        Assert.Empty(_lost);
        Assert.Throws<StoreHeldException>(() => Take("c", null));
    }

    [Fact]
    public void Renew_FailsInAnyWay_IsTriedAgain()
    {
        var paused = Take("a", null);
        paused.Process.IsPaused = true;
        Take("b", null);
        _isReplaced = () => throw new InvalidDataException("not foreseen");
        paused.Process.IsPaused = false;

        Wait(StoreHold.Silence * 2);

        Assert.Contains("could not be renewed", paused.Hold.Fault, StringComparison.Ordinal);
        Assert.Empty(_lost);
        _isReplaced = () => false;
        Wait(StoreHold.Period * 3);
        Assert.Single(_lost);
    }

    [Fact]
    public void Renew_StoreDoesNotAnswerForLong_IsAFaultUntilItDoes()
    {
        var hold = Take("a", null).Hold;
        _blobs.Cut();

        Wait(StoreHold.Silence + StoreHold.Period);
        var fault = hold.Fault;
        _blobs.Mend();
        Wait(StoreHold.Silence * 2);

        Assert.Contains("could not be renewed for", fault, StringComparison.Ordinal);
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

    /// <summary>Another store, with another holder.</summary>
    private (SimulatedBlobStore Blobs, SimulatedProcess Process) TakeAnother(string machine)
    {
        var blobs = new SimulatedBlobStore(_world, StoreFaults.None);
        var process = _world.Start(machine);
        Run(process, () => TakeCoreAsync(machine, null, blobs));
        return (blobs, process);
    }

    private Task<StoreHold> TakeCoreAsync(string machine, string? sharedBy, SimulatedBlobStore? blobs = null) => StoreHold.TakeAsync(
        blobs ?? _blobs,
        sharedBy,
        new HolderProcess(machine, machine, 1, "1"),
        _world.Time,
        NullLogger.Instance,
        _ => Task.FromResult(_isReplaced()),
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
