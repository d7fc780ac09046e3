using System.Net;
using System.Net.Sockets;
using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Client.Tests.Control;

/// <summary>What connecting says when it does not work.</summary>
public sealed class ConnectTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Connect_ClosedPorts_IsRefusedLongBeforeTheTimeoutWithEachAddressAttemptsAndRemedy(int count)
    {
        var closed = string.Join(',', Enumerable.Range(0, count).Select(_ => $"127.0.0.1:{ClosedPort()}"));
        var options = new SwarmClientOptions { ConnectTimeout = TimeSpan.FromHours(1) };

        var refused = await Assert.ThrowsAsync<SwarmTransportException>(
            () => SwarmClient.ConnectAsync($"swarm://{closed}", new SwarmCredential("default"), options, Token)
                .WaitAsync(TimeSpan.FromMinutes(1), Token));

        Assert.True(refused.IsTransient);
        Assert.All(closed.Split(','), address => Assert.Contains($"{address} refused 3 attempts", refused.Message, StringComparison.Ordinal));
        Assert.Contains("ConnectionRefused", refused.Message, StringComparison.Ordinal);
        Assert.Contains("gateway port", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cluster id", refused.Message, StringComparison.Ordinal); // No silo has looked at it.
    }

    [Fact]
    public async Task Connect_WrongArguments_NameTheCallersParameter()
    {
        var address = await Assert.ThrowsAsync<ArgumentException>(
            () => SwarmClient.ConnectAsync("127.0.0.1:7400", new SwarmCredential("default"), cancellationToken: Token));
        var tenant = await Assert.ThrowsAsync<ArgumentException>(
            () => SwarmClient.ConnectAsync("swarm://127.0.0.1:7400", new SwarmCredential("No"), cancellationToken: Token));

        Assert.Equal(("address", "credential"), (address.ParamName, tenant.ParamName));
    }

    [Fact]
    public async Task Connect_PortThatSaysNothing_NamesItAndTheTimeout()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var options = new SwarmClientOptions { ConnectTimeout = TimeSpan.FromSeconds(1) };

        var failed = await Assert.ThrowsAsync<SwarmTransportException>(
            () => SwarmClient.ConnectAsync($"swarm://{silent.LocalEndpoint}", new SwarmCredential("default"), options, Token));

        Assert.Contains($"{silent.LocalEndpoint} did not complete the gateway handshake within 1s", failed.Message, StringComparison.Ordinal);
        Assert.Contains("cluster id", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cancel", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_OneOfTwoGatewaysIsClosed_UsesTheOther()
    {
        await using var silo = await Silo.StartAsync();
        var options = new SwarmClientOptions { ClusterId = silo.ClusterId, ServiceId = silo.ServiceId };
        var address = $"{silo.Address},127.0.0.1:{ClosedPort()}";

        await using var swarm = await SwarmClient.ConnectAsync(address, new SwarmCredential("default"), options, Token);

        await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.GetStatusAsync("none", Token)); // Answered.
    }

    [Theory]
    [InlineData("mine", "theirs")]
    [InlineData("mine", "")]
    [InlineData("nobody", "mine")]
    public async Task Connect_WrongCredential_IsRefusedAtOnceByName(string tenant, string token)
    {
        var folder = Silo.NewFolder();
        await using var silo = await Silo.StartAsync(folder, $"--Swarm:Tenants:mine={Digest256.Sha256("mine"u8)}");
        silo.OwnsFolder = true;

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => silo.ConnectAsync(new SwarmCredential(tenant, token)));

        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
        Assert.Contains($"'{tenant}'", refused.Message, StringComparison.Ordinal);
        await using var swarm = await silo.ConnectAsync(new SwarmCredential("mine", "mine"));
    }

    private static int ClosedPort()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        return ((IPEndPoint)taken.LocalEndpoint).Port;
    }
}
