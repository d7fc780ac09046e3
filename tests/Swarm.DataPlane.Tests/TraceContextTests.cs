using System.Diagnostics;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Tests.Golden;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>Requests carry the caller's span where both ends have that feature, and never otherwise.</summary>
public sealed class TraceContextTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Attach_ToASiloWithoutTheFeature_IsSentAsBefore()
    {
        using var caller = new Activity("caller").Start();
        await using var silo = new FakeSilo();
        var client = await await silo.WelcomeAsync(Hello.CurrentVersion);

        var attaching = client.AttachReaderAsync("c/1", new Observer(), Token);
        var attach = await silo.ReceiveAsync(FrameType.AttachReader);

        Assert.Equal(FrameFlags.None, attach.Flags);
        Assert.Equal(new AttachReader("c/1").EncodedLength, attach.Length);
        await client.DisposeAsync();
        await Assert.ThrowsAsync<SwarmTransportException>(() => attaching);
    }

    [Fact]
    public async Task Attach_ToASiloWithTheFeature_CarriesTheSpanOfACallerThatHasNotEnded()
    {
        await using var silo = new FakeSilo { Features = ulong.MaxValue };
        var client = await await silo.WelcomeAsync(Hello.CurrentVersion);

        var untraced = client.AttachReaderAsync("c/1", new Observer(), Token);
        Assert.Equal(FrameFlags.None, (await silo.ReceiveAsync(FrameType.AttachReader)).Flags);
        var caller = new Activity("caller").Start();
        var traced = client.AttachReaderAsync("c/1", new Observer(), Token);
        var attach = await silo.ReceiveAsync(FrameType.AttachReader);
        caller.Stop();

        Assert.Equal(FrameFlags.Traced, attach.Flags);
        Assert.Equal(TraceContext.SizeBytes + new AttachReader("c/1").EncodedLength, attach.Length);
        await client.DisposeAsync();
        await Assert.ThrowsAsync<SwarmTransportException>(() => untraced);
        await Assert.ThrowsAsync<SwarmTransportException>(() => traced);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(FeatureBits.TraceContext, false)]
    [InlineData(ulong.MaxValue, false)]
    public async Task TracedRequest_OfAClient_IsServedWhereTheGreetingHadTheFeatureAlone(ulong features, bool isRefused)
    {
        await using var server = await TestServer.StartAsync();
        server.AddContext("c/1", new ToyRuntime());
        using var peer = await RawPeer.ConnectAsync(server);

        await peer.SendAsync(RawFrame.Of(FrameType.Hello, new Hello(Hello.CurrentVersion, features, MemoryHost.Tenant, MemoryHost.Secret), 0, 0));
        var welcome = MessageReader.ReadAll<Welcome>(await peer.ReceiveAsync(FrameType.Welcome));
        await peer.SendAsync(RawFrame.Of(FrameType.AttachReader, new Traced<AttachReader>(GoldenValues.Trace, new AttachReader("c/1")), 0, 1));

        Assert.Equal(features & FeatureBits.All, welcome.Features);
        if (isRefused)
        {
            var refusal = MessageReader.ReadAll<Refused>(await peer.ReceiveAsync(FrameType.Refused)).Refusal;
            Assert.Contains("did not announce", refusal.Message, StringComparison.Ordinal);
        }
        else
        {
            await peer.ReceiveAsync(FrameType.Attached);
        }
    }

    [Theory]
    [InlineData((byte)FrameType.AppendInputs)]
    [InlineData((byte)FrameType.AppendKv)]
    [InlineData((byte)FrameType.Heartbeat)]
    public void Header_TracedWhereThatMayNotBe_IsAProtocolError(byte type)
    {
        var header = new byte[FrameHeader.SizeBytes];
        new FrameHeader((FrameType)type, 1, 1, 48, 48, 0, FrameFlags.Traced).Write(header);

        Assert.Contains("flags 0x01", Assert.Throws<ProtocolException>(() => FrameHeader.Read(header)).Message, StringComparison.Ordinal);
    }
}
