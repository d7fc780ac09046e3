using Microsoft.Extensions.Time.Testing;
using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Format.Frames;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>KV received into a runtime's memory: into the right place, verified, and never while its owner uses it. Promises 2 and 4.</summary>
public sealed class KvReceiveTargetTests
{
    private const int RowBytes = 256;

    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A real server; the target is opened and closed at random, and some runs are damaged on their way out.</summary>
    [Fact]
    public async Task Read_TargetOpenedAndClosedAtRandom_BringsEveryRunInOrderAndRight()
    {
        const int positions = 600;
        await using var server = await TestServer.StartAsync();
        var source = Payloads.Computed(positions, RowBytes);
        var context = server.AddContext("c/1", source);
        await using var client = await server.ConnectAsync();
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        var (inPlace, buffered, faults) = (0, 0, 0);
        for (var round = 0; round < 30; round++)
        {
            context.ForgetKv();
            var damaged = Serve(context, source, positions, isDamagedAtTimes: round % 3 == 0);
            var runtime = new ToyRuntime(rowBytes: RowBytes, maxPositions: positions);
            var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => true);
            long next = 0;
            long lastInPlace = 0;
            await foreach (var run in session.ReadKvAsync(0, positions, target, cancellationToken: Token))
            {
                using (run)
                {
                    Assert.Equal(next, run.FirstPosition);
                    next += run.Count;
                    if (run.InPlace is { } received)
                    {
                        Assert.Equal(damaged.Contains(run.FirstPosition), received.Fault is not null);
                        (inPlace, faults) = (inPlace + 1, faults + (received.Fault is null ? 0 : 1));
                        lastInPlace++;
                    }
                    else if (!damaged.Contains(run.FirstPosition))
                    {
                        KvPayload.Decode(
                            runtime.Model.Geometry, run.FirstPosition, run.Count, run.Frames.Span, run.FirstPosition, run.Count, runtime.WriteKv);
                        buffered++;
                    }
                }

                switch (_seeded.Random.Next(6))
                {
                    case 0:
                        await target.CloseAsync(Token);
                        break;
                    case < 4:
                        target.Open(next);
                        break;
                }
            }

            await target.CloseAsync(Token);
            Assert.Equal(positions, next);
            Assert.Equal(lastInPlace, target.Received);
            AssertSameBut(source, runtime, positions, damaged);
        }

        Assert.True(inPlace > 100 && buffered > 20 && faults > 0, $"{inPlace} in place, {buffered} buffered, {faults} faults: too kind");
        await TestServer.WaitAsync(() => client.Buffers.RentedCount == 0 && context.RunsOut == 0, "all buffers to come back");
    }

    [Fact]
    public async Task CloseAsync_RunOnItsWayIn_WaitsForItAlone()
    {
        await using var silo = new FakeSilo();
        var source = Payloads.Computed(64, RowBytes);
        var (client, reader) = await silo.AttachAsync(source);
        await using var _ = client;
        var runtime = new ToyRuntime(rowBytes: RowBytes);
        var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => true);
        target.Open(0);
        var runs = reader.ReadKvAsync(0, 64, target, cancellationToken: Token).GetAsyncEnumerator(Token);
        var next = runs.MoveNextAsync();
        var read = await silo.ReceiveAsync(FrameType.ReadKv);
        var run = FakeSilo.Run(Payloads.Kv(source, 0, 32), read.Correlation);

        await silo.SendAsync(run.AsMemory(0, run.Length / 2));
        await TestServer.WaitAsync(() => HasArrived(runtime), "the first row");
        var closing = target.CloseAsync(Token).AsTask();
        Assert.False(closing.IsCompleted);
        await silo.SendAsync(run.AsMemory(run.Length / 2));
        await closing.WaitAsync(Token);
        Assert.True(await next);
        Assert.Null(runs.Current.InPlace!.Fault);
        await silo.SendAsync(FakeSilo.Run(Payloads.Kv(source, 32, 32), read.Correlation));
        Assert.True(await runs.MoveNextAsync());
        Assert.Null(runs.Current.InPlace); // Closed: into a buffer.
        runs.Current.Dispose();
        await silo.SendAsync(FakeSilo.Frame(FrameType.End, new End(64, true), read.Correlation));
        Assert.False(await runs.MoveNextAsync());
    }

    [Fact]
    public async Task CloseAsync_ConnectionLostWithinARun_EndsAndTheReadFails()
    {
        var silo = new FakeSilo();
        var source = Payloads.Computed(64, RowBytes);
        var (client, reader) = await silo.AttachAsync(source);
        await using var _ = client;
        var runtime = new ToyRuntime(rowBytes: RowBytes);
        var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => true);
        target.Open(0);
        var next = reader.ReadKvAsync(0, 64, target, cancellationToken: Token).GetAsyncEnumerator(Token).MoveNextAsync();
        var read = await silo.ReceiveAsync(FrameType.ReadKv);
        var run = FakeSilo.Run(Payloads.Kv(source, 0, 64), read.Correlation);

        await silo.SendAsync(run.AsMemory(0, run.Length / 2));
        await TestServer.WaitAsync(() => HasArrived(runtime), "the first row");
        var closing = target.CloseAsync(Token).AsTask();
        await silo.DisposeAsync();

        await closing.WaitAsync(Token);
        await Assert.ThrowsAsync<SwarmTransportException>(() => next.AsTask());
        Assert.Throws<InvalidOperationException>(() => runtime.CommitImported(64)); // Not all of it was marked.
    }

    /// <summary>A silo that hangs within a run holds nobody up who gives the read up.</summary>
    [Fact]
    public async Task CloseAsync_CancelledWithinARun_EndsTheConnection()
    {
        await using var silo = new FakeSilo();
        var source = Payloads.Computed(64, RowBytes);
        var (client, reader) = await silo.AttachAsync(source);
        await using var _ = client;
        var runtime = new ToyRuntime(rowBytes: RowBytes);
        var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => true);
        target.Open(0);
        var next = reader.ReadKvAsync(0, 64, target, cancellationToken: Token).GetAsyncEnumerator(Token).MoveNextAsync();
        var read = await silo.ReceiveAsync(FrameType.ReadKv);
        var run = FakeSilo.Run(Payloads.Kv(source, 0, 64), read.Correlation);
        await silo.SendAsync(run.AsMemory(0, run.Length / 2));
        await TestServer.WaitAsync(() => HasArrived(runtime), "the first row");
        using var givenUp = new CancellationTokenSource();

        var closing = target.CloseAsync(givenUp.Token).AsTask();
        Assert.False(closing.IsCompleted);
        await givenUp.CancelAsync();

        await closing.WaitAsync(Token);
        await Assert.ThrowsAsync<SwarmTransportException>(() => next.AsTask());
        Assert.True(client.Closed.IsCancellationRequested);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_RunThatComesForLongerThanTheSilenceAllowed_IsNotALostConnection(bool isInPlace)
    {
        const int pieceBytes = 300 << 10; // More than what tells that the peer lives.
        await using var silo = new FakeSilo();
        var source = Payloads.Computed(64, rowBytes: 6144);
        var clock = new FakeTimeProvider();
        var (client, reader) = await silo.AttachAsync(source, clock);
        await using var _ = client;
        var runtime = new ToyRuntime(rowBytes: 6144, maxPositions: 64);
        var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => isInPlace);
        target.Open(0);
        await using var runs = reader.ReadKvAsync(0, 64, target, cancellationToken: Token).GetAsyncEnumerator(Token);
        var next = runs.MoveNextAsync();
        var read = await silo.ReceiveAsync(FrameType.ReadKv);
        var run = FakeSilo.Run(Payloads.Kv(source, 0, 64), read.Correlation).AsMemory();

        for (; run.Length > pieceBytes; run = run[pieceBytes..])
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            await silo.SendAsync(run[..pieceBytes]);
            await TestServer.WaitAsync(() => client.Channel.ReceiveSilence < TimeSpan.FromSeconds(1), "the piece to be noticed");
        }

        await silo.SendAsync(run);
        Assert.True(await next);
        Assert.Equal(isInPlace, runs.Current.InPlace is not null);
        runs.Current.Dispose();
        await target.CloseAsync(Token);
    }

    /// <summary>A run that is not accepted, does not follow or is missing in the store goes past the target, and what is behind it too until it is opened again.</summary>
    [Fact]
    public async Task Open_RunThatDoesNotBelong_GoesToABuffer()
    {
        await using var silo = new FakeSilo();
        var source = Payloads.Computed(100, RowBytes);
        var (client, reader) = await silo.AttachAsync(source);
        await using var _ = client;
        var runtime = new ToyRuntime(rowBytes: RowBytes);
        var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (first, _, _) => first != 30);
        var runs = reader.ReadKvAsync(0, 100, target, cancellationToken: Token).GetAsyncEnumerator(Token);
        var next = runs.MoveNextAsync();
        var read = await silo.ReceiveAsync(FrameType.ReadKv);
        var seen = new List<bool>();

        async Task SendAsync(byte[] run, bool opens)
        {
            if (opens)
            {
                target.Open(100);
            }

            await silo.SendAsync(run);
            Assert.True(await next);
            seen.Add(runs.Current.InPlace is not null);
            runs.Current.Dispose();
            next = runs.MoveNextAsync();
        }

        byte[] Run(int first, int count) => FakeSilo.Run(Payloads.Kv(source, first, count), read.Correlation);
        var missing = FakeSilo.Frame(FrameType.KvRun, new KvHead(50, 5, KvTier.None, default), read.Correlation);
        await SendAsync(Run(0, 10), opens: false);
        await SendAsync(Run(10, 10), opens: true);
        await SendAsync(Run(20, 10), opens: false);
        await SendAsync(Run(30, 10), opens: false); // Not accepted.
        await SendAsync(Run(40, 10), opens: false); // Closed by that.
        await SendAsync(missing, opens: true);
        await SendAsync(Run(55, 5), opens: false); // Closed by that.
        await SendAsync(Run(60, 10), opens: true);
        await SendAsync(Run(65, 15), opens: false); // Goes back.
        await SendAsync(Run(80, 5), opens: false); // Closed by that.
        target.Open(79);
        await SendAsync(Run(85, 5), opens: false); // And still closed: what went back has not been taken.
        await SendAsync(Run(90, 3), opens: true);
        await SendAsync(Run(95, 5), opens: false); // Leaves a hole.
        await SendAsync(FakeSilo.Frame(FrameType.KvRun, new KvHead(long.MaxValue, 1, KvTier.Blob, default), read.Correlation, new byte[9]), opens: false);

        Assert.Equal([false, true, true, false, false, false, false, true, false, false, false, true, false, false], seen);
        await silo.SendAsync(FakeSilo.Frame(FrameType.End, new End(100, true), read.Correlation));
        Assert.False(await next);
    }

    /// <summary>Runs of any length, some with a bit flipped. Says where those begin.</summary>
    private HashSet<long> Serve(MemoryContext context, ToyRuntime source, int positions, bool isDamagedAtTimes)
    {
        HashSet<long> damaged = [];
        for (var first = 0; first < positions;)
        {
            var count = Math.Min(1 + _seeded.Random.Next(60), positions - first);
            var kv = Payloads.Kv(source, first, count);
            if (isDamagedAtTimes && _seeded.Random.Next(8) == 0)
            {
                var frames = kv.Frames.ToArray();
                frames[_seeded.Random.Next(frames.Length)] ^= 4;
                kv = kv with { Frames = frames };
                damaged.Add(first);
            }

            context.Serve(kv, 1);
            first += count;
        }

        return damaged;
    }

    private static void AssertSameBut(ToyRuntime source, ToyRuntime runtime, int positions, HashSet<long> damaged)
    {
        if (damaged.Count > 0)
        {
            Assert.Throws<InvalidOperationException>(() => runtime.CommitImported(positions));
            runtime.CommitImported((int)damaged.Min());
        }
        else
        {
            runtime.CommitImported(positions);
        }

        if (runtime.Length > 0)
        {
            Assert.Equal(Payloads.Kv(source, 0, runtime.Length).Frames.ToArray(), Payloads.Kv(runtime, 0, runtime.Length).Frames.ToArray());
        }
    }

    /// <summary>Whether the first row is not as an empty cache has it.</summary>
    private static bool HasArrived(ToyRuntime runtime) => runtime.GetRows(0, 0, 0, 0, 1).Span.ContainsAnyExcept((byte)0xA5);
}
