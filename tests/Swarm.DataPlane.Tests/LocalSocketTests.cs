using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>Clients on the silo's machine move to its Unix domain socket, and to nothing else.</summary>
public sealed class LocalSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connect_ToASiloOnThisMachine_MovesToItsLocalSocket()
    {
        await using var server = await TestServer.StartAsync(listensLocally: true);
        await using var client = await server.ConnectAsync();

        Assert.Equal(OperatingSystem.IsLinux(), client.IsLocal);
        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 1, Token);
        await UseAsync(server, client);
    }

    /// <summary>What is in between may measure, encrypt or cut: it is not to be gone round.</summary>
    [Fact]
    public async Task Connect_ThroughSomethingInBetween_StaysThere()
    {
        await using var server = await TestServer.StartAsync(listensLocally: true);
        await using var proxy = new CuttingProxy(server.Endpoint.ToString());
        await using var client = await server.ConnectAsync(through: proxy.Endpoint);

        Assert.False(client.IsLocal);
        Assert.Equal(1, proxy.Connections);
        await UseAsync(server, client);
    }

    /// <summary>As from another machine, or network namespace; and as its operator says.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_LocalSocketIsNotThere_StaysOnTcp(bool isOffered)
    {
        await using var server = await TestServer.StartAsync(new DataPlaneServerOptions { LocalSocket = isOffered });
        await using var client = await server.ConnectAsync();

        Assert.Equal(isOffered && OperatingSystem.IsLinux(), server.Handler.LocalEndpoint is not null);
        Assert.False(client.IsLocal);
        await UseAsync(server, client);
    }

    [Theory]
    [InlineData("")]
    [InlineData("swarm-data-plane-")]
    [InlineData("swarm-data-plane-0123456789ABCDEF0123456789abcdef")]
    [InlineData("/var/run/docker.sock-0123456789abcdef0123456789ab")]
    public void Find_NameOfSomethingElse_LeadsNowhere(string name) => Assert.Null(LocalSocket.Find(name));

    /// <summary>Sends 8 MiB of KV, and reads it back: more than any socket holds.</summary>
    private static async Task UseAsync(TestServer server, Client.DataPlaneClient client)
    {
        const int Positions = 2048;
        const int Run = 256;
        var runtime = Payloads.Computed(Positions, rowBytes: 1024);
        var (session, _, _) = await TestServer.AttachAsync(client, server.AddContext("c", runtime), "c");
        await using (session)
        {
            await (await session.SendInputsAsync(Payloads.Inputs(0, Positions), [], Token));
            for (var first = 0; first < Positions; first += Run)
            {
                await (await Payloads.SendKvAsync(session, runtime, first, Run, Token));
            }

            var next = 0;
            await foreach (var run in session.ReadKvAsync(0, Positions, cancellationToken: Token))
            {
                using (run)
                {
                    Assert.True(Payloads.Kv(runtime, next, run.Count).Frames.Span.SequenceEqual(run.Frames.Span), $"bytes of the run at {next} differ");
                    next += run.Count;
                }
            }

            Assert.Equal(Positions, next);
        }
    }
}
