using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Swarm.Core.Identity;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Hosting;

/// <summary>Clients as services of a host.</summary>
public sealed class AddSwarmClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_OfAHost_ConnectsWhenUsedIsHealthyAndGoesWithTheHost()
    {
        await using var silo = await Silo.StartAsync();
        ISwarmClient swarm;
        using (var host = await StartAsync(services => services.AddSwarmClient(options => Set(options, silo))))
        {
            swarm = host.Services.GetRequiredService<ISwarmClient>();
            Assert.Same(swarm, host.Services.GetRequiredService<ISwarmClient>());
            var agent = swarm.Agent("a");
            var opening = Enumerable.Range(0, 4).Select(index => agent.OpenAsync($"track/{index}", new ToyRuntime(), null, Token)).ToArray();
            foreach (var memory in await Task.WhenAll(opening)) // All of them share one connection.
            {
                await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
                await memory.ReleaseAsync("", Token);
                await memory.DisposeAsync();
            }

            Assert.Equal(3, (await swarm.GetStatusAsync("track/3", Token)).Durable.Kv);
            Assert.Equal(("swarm-client", HealthStatus.Healthy), await HealthAsync(host));
            await host.StopAsync(Token);
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => swarm.GetStatusAsync("track/3", Token));
    }

    [Fact]
    public async Task Clients_WithNames_AreOfTheirOwnTenants()
    {
        await using var silo = await Silo.StartAsync(
            Silo.NewFolder(), $"--Swarm:Tenants:one={Digest256.Sha256("first"u8)}", $"--Swarm:Tenants:two={Digest256.Sha256("second"u8)}");
        silo.OwnsFolder = true;
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Address"] = silo.Address,
            ["ClusterId"] = silo.ClusterId,
            ["ServiceId"] = silo.ServiceId,
            ["Tenant"] = "two",
            ["Token"] = "second",
            ["ConnectTimeout"] = "20s",
            ["DataPlane:PingInterval"] = "2s",
            ["DataPlane:ReadWindowBytes"] = "1MiB",
        }).Build();
        using var host = await StartAsync(services => services
            .AddSwarmClient("one", options =>
            {
                Set(options, silo);
                (options.Tenant, options.Token) = ("one", "first");
            })
            .AddSwarmClient("two", settings));
        var one = host.Services.GetRequiredKeyedService<ISwarmClient>("one");
        var two = host.Services.GetRequiredKeyedService<ISwarmClient>("two");
        await using var memory = await one.Agent("a").OpenAsync("track/1", new ToyRuntime(), null, Token);

        Assert.Null(host.Services.GetService<ISwarmClient>());
        Assert.Equal("a", (await one.GetStatusAsync("track/1", Token)).Holder);
        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => two.GetStatusAsync("track/1", Token));
        Assert.Equal(RefusalCode.NotFound, refused.Refusal.Code);
        var options = host.Services.GetRequiredService<IOptionsMonitor<SwarmClientOptions>>().Get("two");
        Assert.Equal(
            (20, 2, 1 << 20), (options.ConnectTimeout.TotalSeconds, options.DataPlane.PingInterval.TotalSeconds, options.DataPlane.ReadWindowBytes));
    }

    [Fact]
    public async Task Settings_OutOfRange_FailTheStartAllNamed()
    {
        var failed = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services => services.AddSwarmClient("ground", options =>
        {
            options.Address = "http://127.0.0.1:1";
            options.Tenant = "No Tenant";
            options.GatewayTimeout = TimeSpan.Zero;
        })));

        Assert.All(
            ["Client 'ground'", "Address", "http://127.0.0.1:1", "swarm://host:port", "Tenant", "No Tenant", "GatewayTimeout"],
            text => Assert.Contains(text, failed.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("(Parameter", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_UnknownKeysAndValues_FailTheStartAllNamed()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Client:Adress", "swarm://127.0.0.1:2"),
            new("Client:ControlTimeout", "1"),
            new("Client:DataPlane:SilenceTimeout", "soon"),
            new("Client:DataPlane:Ping", "1s"),
            new("Client:Tenant:Name", "acme"),
        ]).Build().GetSection("Client");

        var failed = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services => services.AddSwarmClient(section)));

        Assert.All(
            [
                "Client:Adress is not a setting", "Client:ControlTimeout is '1'", "Client:DataPlane:SilenceTimeout is 'soon'",
                "Client:DataPlane:Ping is not a setting", "Client:Tenant has settings of its own", "Address: ",
            ],
            text => Assert.Contains(text, failed.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Client_RegisteredTwice_IsOneWithTheSettingsOfBoth()
    {
        using var host = await StartAsync(services => services
            .AddSwarmClient(options => (options.Address, options.Tenant) = ("swarm://127.0.0.1:1", "one"))
            .AddSwarmClient(options => options.Tenant = "two"));

        Assert.Single(host.Services.GetServices<ISwarmClient>());
        Assert.Equal("two", host.Services.GetRequiredService<IOptions<SwarmClientOptions>>().Value.Tenant);
        Assert.Equal("swarm-client", (await HealthAsync(host)).Name);
    }

    [Fact]
    public async Task Silo_ThatIsNotThereYet_IsToldAndFoundLater()
    {
        var port = FreePort();
        using var host = await StartAsync(services => services.AddSwarmClient(options =>
        {
            options.Address = $"swarm://127.0.0.1:{port}";
            options.ConnectTimeout = TimeSpan.FromSeconds(20);
        }));
        var swarm = host.Services.GetRequiredService<ISwarmClient>();

        await Assert.ThrowsAsync<SwarmTransportException>(() => swarm.GetStatusAsync("track/1", Token));
        Assert.Equal(("swarm-client", HealthStatus.Unhealthy), await HealthAsync(host));

        await using var silo = await Silo.StartAsync(Silo.NewFolder(), "--Swarm:Endpoints:Gateway", $"{port}");
        silo.OwnsFolder = true;
        var missing = await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.GetStatusAsync("track/1", Token));
        Assert.Equal(RefusalCode.NotFound, missing.Refusal.Code);
        Assert.Equal(("swarm-client", HealthStatus.Healthy), await HealthAsync(host));
    }

    private static void Set(SwarmClientOptions options, Silo silo) =>
        (options.Address, options.ClusterId, options.ServiceId) = (silo.Address, silo.ClusterId, silo.ServiceId);

    private static async Task<IHost> StartAsync(Action<IServiceCollection> add)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        add(builder.Services);
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }

    private static async Task<(string Name, HealthStatus Status)> HealthAsync(IHost host)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        var (name, entry) = Assert.Single(report.Entries);
        return (name, entry.Status);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
