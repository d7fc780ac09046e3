using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.DataPlane.Transport;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>Limits and rules of PROTOCOL.md that one side alone has to keep.</summary>
public sealed class LimitTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Attach_ManyAtOnce_StayWithinTheLimitOfTheConnection()
    {
        await using var server = await TestServer.StartAsync(new DataPlaneServerOptions { MaxAttachments = 2 });
        server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        server.Contexts.KeyGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attaches = Enumerable.Range(0, 6).Select(_ => client.AttachReaderAsync("c/1", new Observer(), Token)).ToArray();
        await AwaitDispatchAsync(client); // Every attach before it has been looked at.

        server.Contexts.KeyGate.SetResult();
        await Task.WhenAll(attaches).ContinueWith(static _ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);

        Assert.Equal(2, attaches.Count(attach => attach.IsCompletedSuccessfully));
        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => attaches.First(attach => attach.IsFaulted));
        Assert.Equal(RefusalCode.Busy, refused.Refusal.Code);
        await using (await attaches.First(attach => attach.IsCompletedSuccessfully))
        {
            // Gives its place back.
        }

        await using var again = await client.AttachReaderAsync("c/1", new Observer(), Token);
    }

    [Fact]
    public async Task Attach_MoreThanMayWait_IsRefusedAtOnce()
    {
        var options = new DataPlaneServerOptions { MaxPendingRequests = 16 };
        await using var server = await TestServer.StartAsync(options);
        server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        server.Contexts.KeyGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attaches = Enumerable.Range(0, options.MaxPendingRequests)
            .Select(_ => client.AttachReaderAsync("c/1", new Observer(), Token)).ToArray();

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(
            () => client.AttachReaderAsync("c/1", new Observer(), Token).WaitAsync(TimeSpan.FromSeconds(20), Token));

        Assert.Equal(RefusalCode.Busy, refused.Refusal.Code);
        server.Contexts.KeyGate.SetResult();
        await Task.WhenAll(attaches);
    }

    [Fact]
    public async Task Read_RangeBeyondTheLastNumber_IsCutToIt()
    {
        await using var server = await TestServer.StartAsync();
        var context = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        await using var reader = await client.AttachReaderAsync("c/1", new Observer(), Token);

        await foreach (var run in reader.ReadInputsAsync(5, long.MaxValue, Token))
        {
            Assert.True(run.Tokens.IsEmpty);
        }

        Assert.Equal((5, long.MaxValue - 5), context.LastRead);
        await foreach (var run in reader.ReadKvAsync(7, long.MaxValue, cancellationToken: Token))
        {
            run.Dispose();
        }

        Assert.Equal((7, long.MaxValue - 7), context.LastRead);
    }

    [Fact]
    public async Task SendInputs_OverALimit_IsRefusedHereAndTheConnectionLives()
    {
        await using var server = await TestServer.StartAsync();
        var context = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        var large = new NamedState("s", 0, new byte[NamedState.MaxBytes]);

        await Assert.ThrowsAsync<ArgumentException>(
            () => session.SendInputsAsync(Payloads.Inputs(0, FrameLimits.MaxAppendTokens + 1), [], Token));
        await Assert.ThrowsAsync<ArgumentException>(
            () => session.SendInputsAsync(Payloads.Inputs(0, 1), [.. Enumerable.Repeat(large, 17)], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => session.SendInputsAsync(
            Payloads.Inputs(0, 1), [.. Enumerable.Repeat(large with { Content = default }, FrameLimits.MaxStates + 1)], Token));

        Assert.Equal(3, (await await session.SendInputsAsync(Payloads.Inputs(0, 3), [], Token)).Tokens);
    }

    [Fact]
    public async Task Connect_SiloOfAnotherVersion_SaysSo()
    {
        await using var silo = new FakeSilo();
        var connecting = await silo.WelcomeAsync(Hello.CurrentVersion + 1);

        var error = await Assert.ThrowsAsync<SwarmTransportException>(() => connecting);

        Assert.False(error.IsTransient);
        Assert.Contains($"version {Hello.CurrentVersion + 1}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x0001_0002)]
    [InlineData(-1)]
    public void Read_VersionOverItsRange_IsRefused(int version)
    {
        var hello = new byte[16];
        BitConverter.TryWriteBytes(hello, version);
        var welcome = new byte[24];
        BitConverter.TryWriteBytes(welcome, version);

        Assert.Throws<ProtocolException>(() => MessageReader.ReadAll<Hello>(hello));
        Assert.Throws<ProtocolException>(() => MessageReader.ReadAll<Welcome>(welcome));
    }

    [Fact]
    public void Cancel_ReadThatHasJustEnded_IsHarmless()
    {
        var read = new ServerRead(0, Token);
        var token = read.Token;
        read.Dispose();

        read.Cancel();

        Assert.False(token.IsCancellationRequested);
    }

    [Fact]
    public void NextCorrelation_BehindTheLastNumber_LeavesOutZero()
    {
        var last = uint.MaxValue - 1;

        Assert.Equal(uint.MaxValue, DataPlaneClient.NextCorrelation(ref last));
        Assert.Equal(1u, DataPlaneClient.NextCorrelation(ref last));
    }

    [Fact]
    public async Task Send_LargestControlFrame_IsTakenAndOneByteMoreIsNot()
    {
        var transport = new MemoryTransport(default);
        await using var channel = new FrameChannel(transport, new BufferPool(0), TimeProvider.System);
        var rest = new Sized(FrameLimits.MaxControlBytes);

        await channel.SendAsync(FrameType.States, 1, 1, rest, default, Token);
        await Assert.ThrowsAsync<ArgumentException>(
            () => channel.SendAsync(FrameType.States, 1, 1, new Sized(FrameLimits.MaxControlBytes + 1), default, Token).AsTask());

        Assert.Equal(FrameHeader.SizeBytes + FrameLimits.MaxControlBytes, transport.Written.Length);
    }

    /// <summary>Waits until the server has taken every frame that was sent before: an attach that it does not know is answered at once.</summary>
    private static async Task AwaitDispatchAsync(DataPlaneClient client) =>
        await Assert.ThrowsAsync<SwarmRefusedException>(() => client.AttachReaderAsync("c/none", new Observer(), Token));

    private readonly record struct Sized(int Bytes) : IMessage<Sized>
    {
        public int EncodedLength => Bytes;

        public static Sized Read(ref MessageReader reader) => default;

        public void Write(ref MessageWriter writer) => writer.WriteBytes(new byte[Bytes]);
    }
}
