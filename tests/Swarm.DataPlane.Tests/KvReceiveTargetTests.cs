using System.IO.Hashing;
using Microsoft.Extensions.Time.Testing;
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
        const int rounds = 30;
        await using var server = await TestServer.StartAsync();
        var source = Payloads.Computed(positions, RowBytes);
        var context = server.AddContext("c/1", source);
        await using var client = await server.ConnectAsync();
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        var (inPlace, buffered, faults) = (0, 0, 0);
        bool isTooKind() => inPlace <= 100 || buffered <= 20 || faults == 0; // What goes where is a matter of time, too.
        for (var round = 0; round < rounds || (isTooKind() && round < 20 * rounds); round++)
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

        Assert.False(isTooKind(), $"{inPlace} in place, {buffered} buffered, {faults} faults: too kind");
        await Poll.UntilAsync(() => client.Buffers.RentedCount == 0 && context.RunsOut == 0, Token, "all buffers to come back");
    }

    [Fact]
    public async Task CloseAsync_RunOnItsWayIn_WaitsForItAlone()
    {
        await using var read = await ReadUnderWay.StartAsync();
        read.Target.Open(0);
        var rest = await read.SendHalfAsync(0, 32);

        var closing = read.Target.CloseAsync(Token).AsTask();
        Assert.False(closing.IsCompleted);
        await read.Silo.SendAsync(rest);
        await closing.WaitAsync(Token);
        Assert.Null((await read.NextAsync()).InPlace!.Fault);
        await read.Silo.SendAsync(read.Run(32, 32));
        Assert.Null((await read.NextAsync()).InPlace); // Closed: into a buffer.
        await read.EndAsync();
    }

    [Fact]
    public async Task CloseAsync_ConnectionLostWithinARun_EndsAndTheReadFails()
    {
        await using var read = await ReadUnderWay.StartAsync();
        read.Target.Open(0);
        await read.SendHalfAsync(0, 64);

        var closing = read.Target.CloseAsync(Token).AsTask();
        await read.Silo.DisposeAsync();

        await closing.WaitAsync(Token);
        await Assert.ThrowsAsync<SwarmTransportException>(() => read.NextAsync());
        Assert.Throws<InvalidOperationException>(() => read.Runtime.CommitImported(64)); // Not all of it was marked.
    }

    /// <summary>
    /// A silo that hangs within a run holds nobody up who gives the read up; and when it goes on, nothing of the rest comes into the memory, and the
    /// connection goes on for the others.
    /// </summary>
    [Theory]
    [InlineData(RowBytes)]
    [InlineData(6144)] // Rows that come straight from the socket, not by way of its buffer for what is small.
    public async Task CloseAsync_CancelledWithinARun_DropsTheRestAndTheConnectionLives(int rowBytes)
    {
        await using var read = await ReadUnderWay.StartAsync(rowBytes);
        read.Target.Open(0);
        var rest = await read.SendHalfAsync(0, 64);
        using var givenUp = new CancellationTokenSource();

        var closing = read.Target.CloseAsync(givenUp.Token).AsTask();
        Assert.False(closing.IsCompleted);
        await givenUp.CancelAsync();
        await closing.WaitAsync(Token); // The rest has not come.

        read.Runtime.GetRows(0, 0, 0, 0, 64).Span.Fill(0x77); // The memory is its owner's again.
        await read.Silo.SendAsync(rest);
        read.Target.Open(0);
        await read.Silo.SendAsync(read.Run(64, 30)); // Still closed.
        var run = await read.NextAsync();
        Assert.Equal((64, null), (run.FirstPosition, run.InPlace));
        await read.EndAsync();
        Assert.False(read.Runtime.GetRows(0, 0, 0, 0, 64).Span.ContainsAnyExcept((byte)0x77));
        Assert.False(read.Client.IsLost);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_RunThatComesForLongerThanTheSilenceAllowed_IsNotALostConnection(bool isInPlace)
    {
        const int pieceBytes = 300 << 10; // More than what tells that the peer lives.
        var clock = new FakeTimeProvider();
        await using var read = await ReadUnderWay.StartAsync(6144, _ => isInPlace, clock);
        read.Target.Open(0);
        var run = read.Run(0, 64).AsMemory();

        for (; run.Length > pieceBytes; run = run[pieceBytes..])
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            await read.Silo.SendAsync(run[..pieceBytes]);
            await Poll.UntilAsync(() => read.Client.Channel.ReceiveSilence < TimeSpan.FromSeconds(1), Token, "the piece to be noticed");
        }

        await read.Silo.SendAsync(run);
        Assert.Equal(isInPlace, (await read.NextAsync()).InPlace is not null);
        await read.Target.CloseAsync(Token);
    }

    /// <summary>A run that is not accepted, does not follow or is missing in the store goes past the target, and what is behind it too until it is opened again.</summary>
    [Fact]
    public async Task Open_RunThatDoesNotBelong_GoesToABuffer()
    {
        await using var read = await ReadUnderWay.StartAsync(accepts: first => first != 30);

        async Task<bool> IsInPlaceAsync(byte[] run, long opensBehind = -1)
        {
            if (opensBehind >= 0)
            {
                read.Target.Open(opensBehind);
            }

            await read.Silo.SendAsync(run);
            return (await read.NextAsync()).InPlace is not null;
        }

        Assert.False(await IsInPlaceAsync(read.Run(0, 10)));
        Assert.True(await IsInPlaceAsync(read.Run(10, 10), opensBehind: 0));
        Assert.True(await IsInPlaceAsync(read.Run(20, 10)));
        Assert.False(await IsInPlaceAsync(read.Run(30, 10))); // Not accepted.
        Assert.False(await IsInPlaceAsync(read.Run(40, 10))); // Closed by that.
        Assert.False(await IsInPlaceAsync(read.Frame(new KvHead(50, 5, KvTier.None, default)), opensBehind: 50)); // Missing.
        Assert.False(await IsInPlaceAsync(read.Run(55, 5))); // Closed by that.
        Assert.True(await IsInPlaceAsync(read.Run(60, 10), opensBehind: 60));
        Assert.False(await IsInPlaceAsync(read.Run(65, 15))); // Goes back.
        Assert.False(await IsInPlaceAsync(read.Run(80, 5))); // Closed by that.
        Assert.False(await IsInPlaceAsync(read.Run(85, 5), opensBehind: 79)); // And still: what went back has not been taken.
        Assert.True(await IsInPlaceAsync(read.Run(90, 3), opensBehind: 90));
        Assert.False(await IsInPlaceAsync(read.Run(95, 5))); // Leaves a hole.
        Assert.False(await IsInPlaceAsync(read.Frame(new KvHead(long.MaxValue, 1, KvTier.Blob, default), new byte[9])));
        await read.EndAsync();
    }

    /// <summary>Runs of any length, some with a bit flipped. Says where those begin.</summary>
    private HashSet<long> Serve(MemoryContext context, ToyRuntime source, int positions, bool isDamagedAtTimes)
    {
        HashSet<long> damaged = [];
        for (var first = 0; first < positions;)
        {
            var count = Math.Min(1 + _seeded.Random.Next(60), positions - first);
            var kv = Payloads.Kv(source, first, count);
            var checksum = _seeded.Random.Next(2) == 0 ? XxHash3.HashToUInt64(kv.Frames.Span) : (ulong?)null;
            if (isDamagedAtTimes && _seeded.Random.Next(8) == 0)
            {
                var frames = kv.Frames.ToArray();
                frames[_seeded.Random.Next(frames.Length)] ^= 4;
                kv = kv with { Frames = frames };
                damaged.Add(first);
            }

            context.Serve(kv, 1, checksum);
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

    /// <summary>A read from a silo whose answers are sent by hand.</summary>
    private sealed class ReadUnderWay(FakeSilo silo, DataPlaneClient client, ToyRuntime source, ToyRuntime runtime, KvReceiveTarget target)
        : IAsyncDisposable
    {
        private IAsyncEnumerator<KvRunData>? _runs;
        private Task<bool> _next = Task.FromResult(false);
        private uint _correlation;

        public FakeSilo Silo => silo;

        public DataPlaneClient Client => client;

        public ToyRuntime Runtime => runtime;

        public KvReceiveTarget Target => target;

        public static async Task<ReadUnderWay> StartAsync(
            int rowBytes = RowBytes, Func<long, bool>? accepts = null, TimeProvider? clock = null)
        {
            const int positions = 100;
            var silo = new FakeSilo();
            var source = Payloads.Computed(positions, rowBytes);
            var (client, reader) = await silo.AttachAsync(source, clock);
            var runtime = new ToyRuntime(rowBytes: rowBytes, maxPositions: positions);
            var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (first, _, _) => accepts?.Invoke(first) ?? true);
            var read = new ReadUnderWay(silo, client, source, runtime, target)
            {
                _runs = reader.ReadKvAsync(0, positions, target, cancellationToken: Token).GetAsyncEnumerator(Token),
            };
            read._next = read._runs.MoveNextAsync().AsTask();
            read._correlation = (await silo.ReceiveAsync(FrameType.ReadKv)).Correlation;
            return read;
        }

        public byte[] Run(int first, int count)
        {
            var kv = Payloads.Kv(source, first, count);
            return Frame(new KvHead(kv.FirstPosition, kv.Count, KvTier.Memory, kv.PrefixHash.Value), kv.Frames.ToArray());
        }

        public byte[] Frame(KvHead head, byte[]? payload = null) => RawFrame.Of(FrameType.KvRun, head, 1, _correlation, payload);

        /// <summary>Sends half of a run, and waits until some of it is in the runtime's memory.</summary>
        /// <returns>The other half.</returns>
        public async Task<ReadOnlyMemory<byte>> SendHalfAsync(int first, int count)
        {
            var run = Run(first, count);
            await silo.SendAsync(run.AsMemory(0, run.Length / 2));
            await Poll.UntilAsync(
                () => runtime.GetRows(0, 0, 0, first, 1).Span.ContainsAnyExcept((byte)0xA5), Token, "the first row, which an empty cache has otherwise");
            return run.AsMemory(run.Length / 2);
        }

        /// <summary>The next run as it came; given back.</summary>
        public async Task<KvRunData> NextAsync()
        {
            Assert.True(await _next);
            var run = _runs!.Current;
            run.Dispose();
            _next = _runs.MoveNextAsync().AsTask();
            return run;
        }

        /// <summary>Ends the answer.</summary>
        public async Task EndAsync()
        {
            await silo.SendAsync(RawFrame.Of(FrameType.End, new End(100, true), 1, _correlation));
            Assert.False(await _next);
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await silo.DisposeAsync();
        }
    }
}
