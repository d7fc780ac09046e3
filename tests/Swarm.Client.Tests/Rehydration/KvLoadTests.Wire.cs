using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Swarm.Client.Rehydration;
using Swarm.Client.Streaming;
using Swarm.DataPlane.Messages;
using Swarm.Format.Frames;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Rehydration;

// The connection that the runs come over, as the tests have it.
public sealed partial class KvLoadTests
{
    private CountingRuntime NewRuntime() => new(new ToyRuntime { IsInPlace = _seeded.Random.Next(4) > 0 });

    private async Task<(KvLoad Load, RuntimeDriver Driver, List<Lease> Leases)> RunAsync(
        CountingRuntime runtime, ((int First, int Count) Run, int AfterSteps)[] runs, Fault[]? faults = null, bool computesMeanwhile = true)
    {
        var random = new Random(_seeded.Random.Next()); // The connection's own: it runs beside the load.
        var leases = new List<Lease>();
        using var credit = new SemaphoreSlim(1 + random.Next(3)); // In runs that nobody has given back.
        var driver = new RuntimeDriver(runtime, _history, _steps);
        var load = new KvLoad("c", _history, driver, ReadAgainAsync, _slowly ?? TimeProvider.System, NullLogger.Instance);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var wire = Channel.CreateUnbounded<KvRunData>();
        var sending = Task.Run(() => SendAsync(reading.Token), Token);
        await using (var incoming = wire.Reader.ReadAllAsync(reading.Token).GetAsyncEnumerator(reading.Token))
        {
            var next = incoming.MoveNextAsync().AsTask();
            await (computesMeanwhile
                ? load.LoadOrComputeAsync(incoming, next, _history.Length, reading.CancelAsync, Token)
                : load.LoadAsync(incoming, next, Token));
            await reading.CancelAsync();
            await sending;
        }

        while (wire.Reader.TryRead(out var unread))
        {
            unread.Dispose();
        }

        return (load, driver, leases);

        async Task SendAsync(CancellationToken cancellationToken)
        {
            var (timers, steps) = (0, 0);
            try
            {
                for (var index = 0; index < runs.Length; index++)
                {
                    var ((first, count), after) = runs[index];
                    await runtime.WaitForStepsAsync(after, cancellationToken);
                    await credit.WaitAsync(cancellationToken);
                    if (index > 0)
                    {
                        await WaitForLoadAsync(timers, steps, cancellationToken);
                    }

                    var received = await ReceiveAsync(Make(first, count, faults?[index] ?? Fault.None, NewLease(credit), random));
                    (timers, steps) = (_slowly?.Timers ?? 0, runtime.Steps);
                    wire.Writer.TryWrite(received);
                }

                wire.Writer.TryComplete();
            }
            catch (OperationCanceledException)
            {
                wire.Writer.TryComplete();
            }
        }

        // The load is through with what came before: it waits for this run, or computes beside it.
        async Task WaitForLoadAsync(int timers, int steps, CancellationToken cancellationToken)
        {
            var since = Stopwatch.GetTimestamp();
            while (_slowly is not null && _slowly.Timers == timers && runtime.Steps == steps && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(1))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        // As the connection does, in pieces between which anything may happen.
        async Task<KvRunData> ReceiveAsync(KvRunData run)
        {
            var isSlow = _slowly is not null && run.FirstPosition > 0; // The first one is there: it was asked for before the inputs were.
            var head = new KvHead(run.FirstPosition, run.Count, run.Tier, run.PrefixHash.Value);
            if (load.Target?.TryBegin(head, run.Frames.Length) is not { } receiver)
            {
                await BeSlowAsync(isSlow, run.FirstPosition + run.Count, TimeSpan.FromMilliseconds(100));
                return run;
            }

            using (run)
            {
                await BeSlowAsync(isSlow, run.FirstPosition + run.Count, TimeSpan.Zero); // Whoever waits for it computes nothing meanwhile.
                for (var rest = run.Frames; !receiver.Next.IsEmpty; receiver.Advance())
                {
                    rest[..receiver.Next.Length].CopyTo(receiver.Next);
                    rest = rest[receiver.Next.Length..];
                    if (random.Next(3) == 0)
                    {
                        await Task.Yield();
                    }
                }

                Interlocked.Increment(ref _inPlace);
                var opening = load.Target.End(head, receiver.Fault is null);
                return KvRunData.Received(run.FirstPosition, run.Count, run.PrefixHash, run.Tier, new KvInPlace(opening, receiver.Fault));
            }
        }

        // Longer than anybody is patient; where steps are computed meanwhile, on a thread of their own, until they have passed the run.
        async Task BeSlowAsync(bool isSlow, long end, TimeSpan longest)
        {
            var (steps, waited, since) = (runtime.Steps, 0, Stopwatch.GetTimestamp());
            while (isSlow && runtime.Length < end && (waited++ < 200 || Stopwatch.GetElapsedTime(since) < longest))
            {
                _slowly!.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
                if (runtime.Steps != steps)
                {
                    (steps, waited, since) = (runtime.Steps, 0, Stopwatch.GetTimestamp());
                }
            }
        }

        // Stored runs are read whole. If they heal, what was damaged is whole now; it may have been cut differently since.
        async IAsyncEnumerable<KvRunData> ReadAgainAsync(long from, int count)
        {
            for (var index = 0; index < runs.Length; index++)
            {
                var (first, length) = runs[index].Run;
                if (first + length <= from || first >= from + count)
                {
                    continue;
                }

                await Task.Yield();
                var part = _again == Again.Good ? _seeded.Random.Next(length) : 0;
                if (_again == Again.Nothing)
                {
                    yield break;
                }

                if (_again == Again.Refused)
                {
                    throw new SwarmRefusedException(new Refusal(RefusalCode.StoreUnavailable, "The store is away."));
                }

                if (part > 0)
                {
                    yield return Make(first, part, Fault.None, NewLease(), _seeded.Random);
                }

                yield return Make(
                    first + part, length - part, _again == Again.Good ? Fault.None : faults?[index] ?? Fault.None, NewLease(), _seeded.Random);
            }
        }

        Lease NewLease(SemaphoreSlim? returnedTo = null)
        {
            var lease = new Lease(returnedTo);
            lock (leases)
            {
                leases.Add(lease);
            }

            return lease;
        }
    }

    private KvRunData Make(int first, int count, Fault fault, Lease lease, Random random)
    {
        if (fault == Fault.Damaged)
        {
            lease.Dispose();
            return KvRunData.Damaged(first, count);
        }

        var frames = Encode(first, count);
        if (fault == Fault.Flipped)
        {
            frames[random.Next(frames.Length)] ^= 1;
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

    private sealed class Lease(SemaphoreSlim? credit) : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose()
        {
            if (!IsDisposed)
            {
                IsDisposed = true;
                credit?.Release();
            }
        }
    }

    /// <summary>Lets others wait for a number of steps: the clock of these tests.</summary>
    private sealed class CountingRuntime(ToyRuntime inner) : IKvRuntime
    {
        private readonly Lock _lock = new();
        private readonly List<(int Steps, TaskCompletionSource Waiting)> _waiting = [];
        private int _steps;

        public IKvMemory? Memory => inner.Memory;

        public ModelDescriptor Model => inner.Model;

        public ModelFingerprint Fingerprint => inner.Fingerprint;

        public int VocabularySize => inner.VocabularySize;

        public int MaxPositions => inner.MaxPositions;

        public int MaxStepTokens => inner.MaxStepTokens;

        public int Length => inner.Length;

        public int Steps => Volatile.Read(ref _steps);

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

    /// <summary>A clock that says how often somebody began to wait by it.</summary>
    private sealed class WatchedTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
