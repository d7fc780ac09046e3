using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Client.Rehydration;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Inference;
using Swarm.Core.Models;
using Swarm.Format.Frames;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Rehydration;

/// <summary>Loading and computing at the same time: whichever is sooner, the same bits come out. Promise 4.</summary>
public sealed class KvLoadTests
{
    private const int BlockTokens = 8;
    private const int MaxStep = 6;

    private readonly SeededTest _seeded = new();
    private readonly ToyRuntime _source = new();
    private readonly InputHistory _history;
    private readonly float[] _expected;

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

    [Fact]
    public async Task LoadOrCompute_RunsThatComeAtAnyMoment_GivesTheSameBits()
    {
        var (loaded, outpaced) = (0, 0);
        for (var round = 0; round < 40; round++)
        {
            var runtime = new CountingRuntime(new ToyRuntime());
            var steps = 0;
            var runs = Cut().Select(run => (Run: run, After: steps += _seeded.Random.Next(3) == 0 ? _seeded.Random.Next(40) : 0)).ToArray();
            var (load, driver, leases) = await RunAsync(runtime, runs);

            Assert.Equal(_history.Length, load.Loaded + load.Outpaced + driver.CatchUp(Token));
            AssertSame(driver);
            Assert.Equal(0, load.Discarded);
            Assert.All(leases, lease => Assert.True(lease.IsDisposed));
            loaded += load.Loaded;
            outpaced += load.Outpaced;
        }

        Assert.True(loaded > 1000 && outpaced > 1000, $"{loaded} loaded, {outpaced} outpaced: not both were tried");
    }

    [Fact]
    public async Task LoadOrCompute_NothingComes_ComputesAllAndGivesUpReading()
    {
        var (load, driver, leases) = await RunAsync(
            new CountingRuntime(new ToyRuntime()), [(Cut()[0], int.MaxValue)]);

        Assert.Equal((0, _history.Length), (load.Loaded, load.Outpaced));
        AssertSame(driver);
        Assert.All(leases, lease => Assert.True(lease.IsDisposed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Load_AnyRunsUnusable_ComputesThemAloneAndGivesTheSameBits(bool computesMeanwhile)
    {
        for (var round = 0; round < 40; round++)
        {
            var cut = Cut();
            var kinds = cut.Select(_ => (Fault)_seeded.Random.Next(round % 8 == 0 ? 4 : 16)).ToArray();
            var unusable = Enumerable.Range(0, cut.Length).Where(index => kinds[index] <= Fault.OtherInputs).ToArray();

            var (load, driver, leases) = await RunAsync(
                new CountingRuntime(new ToyRuntime()), [.. cut.Select(run => (run, 0))], kinds, computesMeanwhile);

            var recomputed = load.Mended + load.Outpaced + driver.CatchUp(Token);
            Assert.Equal(_history.Length, load.Loaded + recomputed);
            AssertSame(driver);

            // A step that is computed as a whole may pass over a short run whose bytes nobody then looks at; computing meanwhile, over any.
            var longest = computesMeanwhile ? int.MaxValue : MaxStep - 1;
            var passedOver = unusable.Where(index => kinds[index] == Fault.Flipped && cut[index].Count <= longest).Sum(index => cut[index].Count);
            var all = unusable.Sum(index => cut[index].Count);
            Assert.InRange(load.Discarded, all - passedOver, all);
            Assert.Equal(unusable.Where(index => kinds[index] == Fault.Damaged).Select(index => cut[index]), load.Damaged);
            if (!computesMeanwhile)
            {
                // Steps are computed as a whole: at most the rest of one before and behind each run.
                Assert.InRange(recomputed, all, all + (unusable.Length * 2 * (MaxStep - 1)));
            }

            Assert.All(leases, lease => Assert.True(lease.IsDisposed));
        }
    }

    private enum Fault
    {
        Damaged,
        Flipped,
        OtherInputs,
        None,
    }

    private async Task<(KvLoad Load, RuntimeDriver Driver, List<Lease> Leases)> RunAsync(
        CountingRuntime runtime, ((int First, int Count) Run, int AfterSteps)[] runs, Fault[]? faults = null, bool computesMeanwhile = true)
    {
        var leases = new List<Lease>();
        var driver = new RuntimeDriver(runtime, _history);
        var load = new KvLoad("c", _history, driver, TimeProvider.System, NullLogger.Instance);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var incoming = ReadAsync(reading.Token).GetAsyncEnumerator(reading.Token);
        var next = incoming.MoveNextAsync().AsTask();
        await (computesMeanwhile
            ? load.LoadOrComputeAsync(incoming, next, _history.Length, reading.CancelAsync, Token)
            : load.LoadAsync(incoming, next, Token));
        return (load, driver, leases);

        async IAsyncEnumerable<KvRunData> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var index = 0; index < runs.Length; index++)
            {
                var ((first, count), after) = runs[index];
                await runtime.WaitForStepsAsync(after, cancellationToken);
                var lease = new Lease();
                leases.Add(lease);
                yield return Make(first, count, faults?[index] ?? Fault.None, lease);
            }
        }
    }

    private KvRunData Make(int first, int count, Fault fault, Lease lease)
    {
        if (fault == Fault.Damaged)
        {
            lease.Dispose();
            return KvRunData.Damaged(first, count);
        }

        var frames = Encode(first, count);
        if (fault == Fault.Flipped)
        {
            frames[_seeded.Random.Next(frames.Length)] ^= 1;
        }

        return new KvRunData(
            first, count, _history.HashAt(fault == Fault.OtherInputs ? first : first + count), frames, KvTier.Blob, lease);
    }

    private void AssertSame(RuntimeDriver driver)
    {
        Assert.Equal(_source.Length, driver.Runtime.Length);
        Assert.Equal(Encode(0, _source.Length), Encode(driver.Runtime, 0, _source.Length));
        driver.RequireLogits();
        Assert.Equal(_expected, driver.Logits.ToArray());
    }

    /// <summary>All positions as runs that end anywhere, also within a step.</summary>
    private (int First, int Count)[] Cut()
    {
        var runs = new List<(int First, int Count)>();
        for (var first = 0; first < _history.Length; first += runs[^1].Count)
        {
            runs.Add((first, Math.Min(1 + _seeded.Random.Next(60), _history.Length - first)));
        }

        return [.. runs];
    }

    private byte[] Encode(int first, int count) => Encode(_source, first, count);

    private static byte[] Encode(IKvRuntime runtime, int first, int count)
    {
        var frames = new byte[KvPayload.EncodedLength(runtime.Model.Geometry, first, count)];
        KvPayload.Encode(runtime.Model.Geometry, first, count, runtime.ReadKv, frames);
        return frames;
    }

    private sealed class Lease : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    /// <summary>Lets others wait for a number of steps: the clock of these tests.</summary>
    private sealed class CountingRuntime(ToyRuntime inner) : IKvRuntime
    {
        private readonly Lock _lock = new();
        private readonly List<(int Steps, TaskCompletionSource Waiting)> _waiting = [];
        private int _steps;

        public ModelDescriptor Model => inner.Model;

        public ModelFingerprint Fingerprint => inner.Fingerprint;

        public int VocabularySize => inner.VocabularySize;

        public int MaxPositions => inner.MaxPositions;

        public int MaxStepTokens => inner.MaxStepTokens;

        public int Length => inner.Length;

        public Task WaitForStepsAsync(int steps, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                if (_steps >= steps)
                {
                    return Task.CompletedTask;
                }

                var waiting = new TaskCompletionSource();
                _waiting.Add((steps, waiting));
                return waiting.Task.WaitAsync(cancellationToken);
            }
        }

        public void Forward(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            inner.Forward(tokens, logits);
            lock (_lock)
            {
                _steps++;
                _waiting.Where(item => item.Steps <= _steps).ToList().ForEach(item => item.Waiting.TrySetResult());
            }
        }

        public void Truncate(int length) => inner.Truncate(length);

        public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination) =>
            inner.ReadKv(group, stream, firstPosition, count, destination);

        public void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source) =>
            inner.WriteKv(group, stream, firstPosition, count, source);

        public void CommitImported(int length) => inner.CommitImported(length);
    }
}
