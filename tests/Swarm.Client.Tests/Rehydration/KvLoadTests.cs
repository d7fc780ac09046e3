using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Rehydration;

/// <summary>
/// Loading and computing at the same time, with runs that come straight into the runtime's memory and others that do not: whatever
/// is sooner, the same bits come out. Promise 4.
/// </summary>
public sealed partial class KvLoadTests : IDisposable
{
    private const int BlockTokens = 8;
    private const int MaxStep = 6;

    private readonly SeededTest _seeded = new();
    private readonly StepWorker _steps = new("steps of a test");
    private readonly ToyRuntime _source = new();
    private readonly InputHistory _history;
    private readonly float[] _expected;
    private Again _again;
    private WatchedTime? _slowly;
    private int _inPlace;

    public KvLoadTests()
    {
        _expected = new float[_source.VocabularySize];
        _history = new InputHistory(new PrefixHasher(new TenantKey(new byte[32]), _source.Fingerprint, BlockTokens));
        while (_source.Length < 600)
        {
            var step = new int[1 + _seeded.Random.Next(MaxStep)];
            for (var index = 0; index < step.Length; index++)
            {
                step[index] = _seeded.Random.Next(_source.VocabularySize);
            }

            _source.Forward(step, _expected);
            _history.AppendStep(step);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _steps.Dispose();

    [Fact]
    public async Task LoadOrCompute_RunsThatComeAtAnyMoment_GivesTheSameBits()
    {
        var (loaded, early) = (0, 0);
        for (var round = 0; round < 40; round++)
        {
            var runtime = NewRuntime();
            var steps = 0;
            var runs = Cut().Select(run => (Run: run, After: steps += _seeded.Random.Next(8) == 0 ? _seeded.Random.Next(40) : 0)).ToArray();
            var (load, driver, leases) = await RunAsync(runtime, runs);

            Assert.Equal(_history.Length, load.Loaded + load.RecomputedEarly + driver.CatchUp(Token));
            AssertSame(driver);
            Assert.Equal((0, 0), (load.Discarded, load.Reread));
            Assert.All(leases, lease => Assert.True(lease.IsDisposed));
            loaded += load.Loaded;
            early += load.RecomputedEarly;
        }

        Assert.True(loaded > 1000 && early > 1000, $"{loaded} loaded, {early} early: not both were tried");
        Assert.True(_inPlace > 20, $"{_inPlace} runs came in place: too few were tried");
    }

    [Fact]
    public async Task LoadOrCompute_NothingComes_ComputesAllAndGivesUpReading()
    {
        var (load, driver, leases) = await RunAsync(
            NewRuntime(), [(Cut()[0], int.MaxValue)]);

        Assert.Equal((0, _history.Length), (load.Loaded, load.RecomputedEarly));
        AssertSame(driver);
        Assert.All(leases, lease => Assert.True(lease.IsDisposed));
    }

    /// <summary>A copy in the silo's memory or on its disk is damaged, and the store's is not: nothing is recomputed for it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Load_SecondCopyIsGood_LoadsItInThePlaceOfTheFirst(bool computesMeanwhile)
    {
        long reread = 0;
        for (var round = 0; round < 40; round++)
        {
            _again = Again.Good;
            var cut = Cut();
            var kinds = cut.Select(_ => _seeded.Random.Next(6) == 0 ? Fault.Flipped : Fault.None).ToArray();

            var (load, driver, leases) = await RunAsync(
                NewRuntime(), [.. cut.Select(run => (run, 0))], kinds, computesMeanwhile);

            var recomputed = load.RecomputedDamaged + load.RecomputedEarly + driver.CatchUp(Token);
            Assert.Equal(_history.Length, load.Loaded + recomputed);
            AssertSame(driver);
            Assert.Equal(0, load.Discarded);
            Assert.Empty(load.Damaged);
            Assert.Equal(0, load.RecomputedDamaged);
            if (!computesMeanwhile)
            {
                Assert.Equal(cut.Zip(kinds).Where(run => run.Second == Fault.Flipped).Sum(run => run.First.Count), load.Reread);
                Assert.Equal(0, recomputed);
            }

            Assert.All(leases, lease => Assert.True(lease.IsDisposed));
            reread += load.Reread;
        }

        Assert.True(reread > 500 && _inPlace > 100, $"{reread} positions were read again, {_inPlace} runs came in place: too few were tried");
    }

    /// <summary>
    /// A link that takes longer for each run than a step to compute: whatever comes straight into memory in between, steps are computed.
    /// </summary>
    [Fact]
    public async Task LoadOrCompute_EachRunComesSlowly_ComputesBesideThem()
    {
        var early = 0;
        for (var round = 0; round < 20; round++)
        {
            _slowly = new WatchedTime();
            var (load, driver, leases) = await RunAsync(NewRuntime(), [.. Cut().Select(run => (run, 0))]);

            Assert.Equal(_history.Length, load.Loaded + load.RecomputedEarly + driver.CatchUp(Token));
            AssertSame(driver);
            Assert.All(leases, lease => Assert.True(lease.IsDisposed));
            early += load.RecomputedEarly;
        }

        Assert.True(early > 20 * _history.Length * 3 / 4, $"only {early} of {20 * _history.Length} positions were computed in 20 rounds");
    }

    [Theory]
    [InlineData(false, Again.Same)]
    [InlineData(true, Again.Same)]
    [InlineData(false, Again.Refused)]
    [InlineData(true, Again.Refused)]
    [InlineData(false, Again.Nothing)]
    [InlineData(true, Again.Nothing)]
    public async Task Load_AnyRunsUnusable_ComputesThemAloneAndGivesTheSameBits(bool computesMeanwhile, Again again)
    {
        _again = again;
        for (var round = 0; round < 40; round++)
        {
            var cut = Cut();
            var kinds = cut.Select(_ => (Fault)_seeded.Random.Next(round % 8 == 0 ? 4 : 16)).ToArray();
            var unusable = Enumerable.Range(0, cut.Length).Where(index => kinds[index] <= Fault.OtherInputs).ToArray();

            var (load, driver, leases) = await RunAsync(
                NewRuntime(), [.. cut.Select(run => (run, 0))], kinds, computesMeanwhile);

            var recomputed = load.RecomputedDamaged + load.RecomputedEarly + driver.CatchUp(Token);
            Assert.Equal(_history.Length, load.Loaded + recomputed);
            AssertSame(driver);

            // A step that is computed as a whole may pass over a short run whose bytes nobody then looks at; computing meanwhile, over any.
            var longest = computesMeanwhile ? int.MaxValue : MaxStep - 1;
            var passedOver = unusable.Where(index => kinds[index] == Fault.Flipped && cut[index].Count <= longest).Sum(index => cut[index].Count);
            var all = unusable.Sum(index => cut[index].Count);
            if (again == Again.Same)
            {
                Assert.InRange(load.Discarded, all - passedOver, all);
            }
            else
            {
                // Runs that came in place, and had to make room for steps, do not come again either.
                Assert.InRange(load.Discarded, unusable.Any(index => kinds[index] != Fault.Flipped) ? 1 : 0, recomputed);
            }

            // Computing meanwhile ends the load with the last step, and what it passed over was not looked at.
            var damaged = unusable.Where(index => kinds[index] == Fault.Damaged).Select(index => cut[index]).ToArray();
            Assert.Equal(damaged[..(computesMeanwhile ? Math.Min(damaged.Length, load.Damaged.Count) : damaged.Length)], load.Damaged);
            Assert.All(damaged[load.Damaged.Count..], run => Assert.True(run.First > _history.Length - MaxStep, $"{run} was not noted"));
            if (!computesMeanwhile && again == Again.Same)
            {
                // Steps are computed as a whole: at most the rest of one before and behind each run.
                Assert.InRange(recomputed, all, all + (unusable.Length * 2 * (MaxStep - 1)));
            }

            Assert.All(leases, lease => Assert.True(lease.IsDisposed));
        }
    }

    /// <summary>What comes when a run is read again.</summary>
    public enum Again
    {
        Same,
        Good,
        Refused,
        Nothing,
    }

    private enum Fault
    {
        Damaged,
        Flipped,
        OtherInputs,
        None,
    }
}
