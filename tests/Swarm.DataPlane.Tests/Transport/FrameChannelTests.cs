using System.Threading.Channels;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Transport;
using Xunit;

namespace Swarm.DataPlane.Tests.Transport;

/// <summary>Who sends next on a connection that many share.</summary>
public sealed class FrameChannelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Heartbeats and inputs of a session wait for one KV frame at most, however many sessions have KV to send; and KV is not held up by them.</summary>
    [Fact]
    public async Task SendAsync_SmallFramesBesideMuchKv_WaitForOneKvFrameAtMost()
    {
        var transport = new GatedTransport();
        await using var channel = new FrameChannel(transport, new BufferPool(0), TimeProvider.System);
        List<Task> sends = [];
        for (byte kv = 1; kv <= 4; kv++)
        {
            sends.Add(SendKvAsync(kv));
        }

        sends.Add(SendSmallAsync());
        sends.Add(SendSmallAsync());
        List<int> order = [await transport.NextAsync(), await transport.NextAsync()];
        sends.Add(SendSmallAsync()); // One KV frame may be before it by now.
        while (order.Count < sends.Count)
        {
            order.Add(await transport.NextAsync());
        }

        await Task.WhenAll(sends);
        Assert.Equal([1, 0, 0], order[..3]);
        Assert.InRange(order.LastIndexOf(0), 3, 4);
        Assert.Equal([1, 2, 3, 4], order.Where(kv => kv > 0));

        Task SendKvAsync(byte kv) => channel.SendAsync(
            FrameType.AppendKv, 1, kv, new KvHead(0, 1, KvTier.None, default), new[] { kv }, Token).AsTask();

        Task SendSmallAsync() => channel.SendAsync(FrameType.Heartbeat, 1, 0, default(Empty), default, Token).AsTask();
    }

    [Fact]
    public async Task SendAsync_GivenUpWhileItWaits_LeavesTheTurnToTheNext()
    {
        var transport = new GatedTransport();
        await using var channel = new FrameChannel(transport, new BufferPool(0), TimeProvider.System);
        using var givenUp = new CancellationTokenSource();
        var first = SendKvAsync(1, Token);
        var second = SendKvAsync(2, givenUp.Token);
        var third = SendKvAsync(3, Token);

        await givenUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        Assert.Equal(1, await transport.NextAsync());
        Assert.Equal(3, await transport.NextAsync());
        await Task.WhenAll(first, third);

        Task SendKvAsync(byte kv, CancellationToken token) => channel.SendAsync(
            FrameType.AppendKv, 1, kv, new KvHead(0, 1, KvTier.None, default), new[] { kv }, token).AsTask();
    }

    /// <summary>Writes one frame at a time, when the test lets it.</summary>
    private sealed class GatedTransport : ByteTransport
    {
        private readonly Channel<(int Kv, TaskCompletionSource Done)> _writes = Channel.CreateUnbounded<(int, TaskCompletionSource)>();

        /// <summary>Lets the next frame through.</summary>
        /// <returns>The byte of its payload; 0 without any.</returns>
        public async Task<int> NextAsync()
        {
            var (kv, done) = await _writes.Reader.ReadAsync(Token);
            done.SetResult();
            return kv;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken stop) => ValueTask.FromResult(0);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Assert.True(_writes.Writer.TryWrite((payload.IsEmpty ? 0 : payload.Span[0], done)));
            return new ValueTask(done.Task);
        }

        public override void Abort(string reason)
        {
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
