using Swarm.Testing;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Net.Sockets;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>Whatever bytes come, only the connection that they came on ends, and nothing is held.</summary>
public sealed class HostileBytesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AnyBytes_BesideAHealthySession_DisturbNobody(int seed)
    {
        var random = new Random(seed);
        await using var server = await TestServer.StartAsync();
        var context = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (session, observer, secret) = await TestServer.AttachAsync(client, context, "c/1");
        var good = Conversation(session.Epoch, secret);
        for (var round = 0; round < 150; round++)
        {
            using var socket = await ConnectAsync(server);
            await SendAsync(socket, Damage(random, good));
            if (random.Next(2) == 0)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
            else
            {
                socket.Close();
            }
        }

        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 1, Token, $"the others to end (seed {seed})");
        Assert.False(observer.Lost.Task.IsCompleted, $"seed {seed}");
        var end = context.Status.Durable.Tokens;
        Assert.True((await (await session.SendInputsAsync(Payloads.Inputs((int)end, 3), [], Token))).Tokens >= end + 3);
        await Poll.UntilAsync(() => server.Handler.Buffers.RentedCount == 0, Token, $"buffers to come back (seed {seed})");

        // The last ones may be accepted only now: what they hold comes back as well.
        await Poll.UntilAsync(
            () => server.Handler.AvailableIngestBytes == new DataPlaneServerOptions().IngestBytes, Token, $"the credit to come back (seed {seed})");
    }

    [Fact]
    public async Task KvWithoutCredit_EndsTheConnectionBeforeItIsHeld()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(64);
        var context = server.AddContext("c/1", runtime);
        var secret = SessionSecret.Create();
        var granted = await context.AcquireAsync(new AcquireRequest("a", secret.Hash, default), Token);
        var kv = Payloads.Kv(runtime, 0, 64);
        using var socket = await ConnectAsync(server);
        await SendAsync(socket, [.. Greeting(), .. RawFrame.Of(FrameType.Attach, new Attach("c/1", granted.Epoch.Value, secret.Bytes.ToArray()), 0, 1)]);
        await ReceiveAsync(socket, FrameType.Attached);

        await SendAsync(socket, RawFrame.Of(
            FrameType.AppendKv, new KvHead(0, 64, KvTier.None, kv.PrefixHash.Value), 1, 2, kv.Frames.ToArray()));

        var refusal = MessageReader.ReadAll<Refused>(await ReceiveAsync(socket, FrameType.Refused)).Refusal;
        Assert.Contains("without credit", refusal.Message, StringComparison.Ordinal);
        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token, "the connection to end");
        Assert.Equal(0, context.MaxHeldBytes);
    }

    [Fact]
    public async Task HugeLength_IsRefusedFromTheHeaderAlone()
    {
        await using var server = await TestServer.StartAsync();
        using var socket = await ConnectAsync(server);
        var header = new byte[FrameHeader.SizeBytes];
        new FrameHeader(FrameType.Hello, 0, 0, int.MaxValue, int.MaxValue, 0).Write(header);

        await SendAsync(socket, header);

        var refusal = MessageReader.ReadAll<Refused>(await ReceiveAsync(socket, FrameType.Refused)).Refusal;
        Assert.Contains("over the limit", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, server.Handler.Buffers.RentedBytes);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(13)]
    [InlineData(20)]
    [InlineData(26)]
    [InlineData(27)]
    public async Task BodyWhereNoneBelongs_EndsTheConnection(byte type)
    {
        await using var server = await TestServer.StartAsync();
        using var socket = await ConnectAsync(server);

        await SendAsync(socket, [.. Greeting(), .. RawFrame.Of((FrameType)type, new Credit(1), 1, 1)]);

        var refusal = MessageReader.ReadAll<Refused>(await ReceiveAsync(socket, FrameType.Refused)).Refusal;
        Assert.Contains("8 bytes are left", refusal.Message, StringComparison.Ordinal);
        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token, "the connection to end");
    }

    [Fact]
    public async Task SilentAndSlowPeers_AreEndedByTheirDeadlines()
    {
        await using var server = await TestServer.StartAsync(new DataPlaneServerOptions
        {
            HandshakeTimeout = TimeSpan.FromMilliseconds(200),
            IdleTimeout = TimeSpan.FromMilliseconds(400),
            StallTimeout = TimeSpan.FromMilliseconds(200),
        });
        using var silent = await ConnectAsync(server);
        using var idle = await ConnectAsync(server);
        await SendAsync(idle, Greeting());
        using var slow = await ConnectAsync(server);
        await SendAsync(slow, [.. Greeting(), .. RawFrame.Of(FrameType.AttachReader, new AttachReader("c/1"), 0, 1)[..^1]]);

        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token, "all three to be ended");
        await Poll.UntilAsync(() => server.Handler.Buffers.RentedCount == 0, Token, "buffers to come back");
    }

    [Fact]
    public async Task CreditThatIsNotUsed_EndsThatAttachmentAndComesBack()
    {
        var options = new DataPlaneServerOptions { StallTimeout = TimeSpan.FromMilliseconds(300) };
        await using var server = await TestServer.StartAsync(options);
        var context = server.AddContext("c/1", Payloads.Computed(1));
        var runtime = Payloads.Computed(64);
        var other = server.AddContext("c/2", runtime);
        await using var client = await server.ConnectAsync();
        var (session, observer, secret) = await TestServer.AttachAsync(client, context, "c/1");
        var (healthy, healthyObserver, _) = await TestServer.AttachAsync(client, other, "c/2");
        await (await healthy.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));

        await session.ReserveKvAsync(1 << 20, 1 << 20, Token);
        await observer.Moved.Task.WaitAsync(Token);

        await Poll.UntilAsync(() => server.Handler.AvailableIngestBytes == options.IngestBytes, Token, "the credit to come back");
        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(
            async () => await await session.SendInputsAsync(Payloads.Inputs(0, 1), [], Token));
        Assert.Equal(RefusalCode.Moved, refused.Refusal.Code);
        await Assert.ThrowsAsync<SwarmTransportException>(() => session.ReserveKvAsync(2 << 20, 2 << 20, Token).AsTask());
        var late = await session.SendKvAsync(new KvAppend(0, 1, default, new byte[1000]), Token); // With the credit that it had.
        refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => late);
        Assert.Equal(RefusalCode.Moved, refused.Refusal.Code);

        Assert.Equal(64, (await await Payloads.SendKvAsync(healthy, runtime, 0, 64, Token)).Kv);
        var again = await client.AttachAsync("c/1", session.Epoch, secret, new Observer(), Token);
        Assert.Equal(1, (await await again.SendInputsAsync(Payloads.Inputs(0, 1), [], Token)).Tokens);
        Assert.False(healthyObserver.Lost.Task.IsCompleted || healthyObserver.Moved.Task.IsCompleted);
        Assert.Equal(1, server.Handler.ConnectionCount);
    }

    private static byte[] Conversation(Epoch epoch, SessionSecret secret) =>
    [
        .. Greeting(),
        .. RawFrame.Of(FrameType.Attach, new Attach("c/1", epoch.Value, secret.Bytes.ToArray()), 0, 1),
        .. RawFrame.Of(FrameType.AttachReader, new AttachReader("c/1"), 0, 2),
        .. RawFrame.Of(FrameType.Heartbeat, default(Empty), 1, 0),
        .. RawFrame.Of(FrameType.AppendInputs, new InputList(
            Payloads.Inputs(0, 9), new StateList([new NamedState("s", 1, new byte[9])])), 1, 3),
        .. RawFrame.Of(FrameType.AskCredit, new AskCredit(1000, 2000, 0), 1, 0),
        .. RawFrame.Of(FrameType.ReadInputs, new ReadRange(0, 100, 0, false), 1, 4),
        .. RawFrame.Of(FrameType.ReadKv, new ReadRange(0, 100, 1000, true), 1, 5),
        .. RawFrame.Of(FrameType.ReadStates, default(Empty), 1, 6),
        .. RawFrame.Of(FrameType.Credit, new Credit(99), 1, 5),
        .. RawFrame.Of(FrameType.Cancel, default(Empty), 1, 5),
        .. RawFrame.Of(FrameType.AppendKv, new KvHead(0, 1, KvTier.None, default), 1, 7, new byte[100]),
        .. RawFrame.Of(FrameType.Detach, default(Empty), 1, 0),
        .. RawFrame.Of(FrameType.Ping, default(Empty), 0, 8),
    ];

    private static byte[] Damage(Random random, byte[] good)
    {
        byte[] bytes = [.. good];
        switch (random.Next(5))
        {
            case 0:
                random.NextBytes(bytes.AsSpan(0, random.Next(1, 200)));
                return bytes[..random.Next(1, bytes.Length)];
            case 1:
                return bytes[..random.Next(1, bytes.Length)];
            case 2:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 3: // Well-formed headers around damaged bodies: checksums match, fields lie.
                return Reseal(random, bytes);
            default:
                var from = random.Next(bytes.Length);
                return [.. bytes[..random.Next(bytes.Length)], .. bytes[from..]];
        }
    }

    private static byte[] Reseal(Random random, byte[] bytes)
    {
        for (var offset = Greeting().Length; offset < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset + 16));
            var headLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset + 20));
            var head = bytes.AsSpan(offset + FrameHeader.SizeBytes, headLength);
            if (headLength > 0 && random.Next(3) == 0)
            {
                head[random.Next(headLength)] = (byte)random.Next(256);
            }

            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(offset + 24), XxHash3.HashToUInt64(head));
            BinaryPrimitives.WriteUInt64LittleEndian(
                bytes.AsSpan(offset + 32), XxHash3.HashToUInt64(bytes.AsSpan(offset, 32)));
            offset += FrameHeader.SizeBytes + length;
        }

        return bytes;
    }

    private static byte[] Greeting() =>
        RawFrame.Of(FrameType.Hello, new Hello(Hello.CurrentVersion, 0, MemoryHost.Tenant, MemoryHost.Secret), 0, 0);

    private static async Task<Socket> ConnectAsync(TestServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Endpoint.Host, server.Endpoint.Port, Token);
        return socket;
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes, Token);
        }
        catch (SocketException)
        {
            // Ended by the server in the middle: as it should.
        }
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, FrameType type)
    {
        while (true)
        {
            var header = FrameHeader.Read(await ReceiveAsync(socket, FrameHeader.SizeBytes));
            var body = await ReceiveAsync(socket, header.Length);
            if (header.Type == type)
            {
                return body;
            }
        }
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, int length)
    {
        var bytes = new byte[length];
        for (var filled = 0; filled < length;)
        {
            var count = await socket.ReceiveAsync(bytes.AsMemory(filled), Token);
            Assert.True(count > 0, "the server closed before it answered");
            filled += count;
        }

        return bytes;
    }
}
