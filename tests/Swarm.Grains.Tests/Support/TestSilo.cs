using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Grains.Abstractions;
using Swarm.Host;

namespace Swarm.Grains.Tests.Support;

/// <summary>A real silo in this process on free loopback ports, and a real client connected through its gateway.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    public const string Tenant = "default";

    private readonly IHost _client;

    private TestSilo(SwarmHost host, IHost client)
    {
        Host = host;
        _client = client;
    }

    public SwarmHost Host { get; }

    public IClusterClient Client => _client.Services.GetRequiredService<IClusterClient>();

    public IContextHost Contexts => Host.Services.GetRequiredService<IContextHost>();

    public IPrefixDirectory Prefixes => Host.Services.GetRequiredService<IPrefixDirectory>();

    /// <summary>Arguments of a silo on free ports over a folder, without logs.</summary>
    public static string[] Arguments(string folder, params string[] more) =>
    [
        "--Swarm:Endpoints:Gateway=0",
        "--Swarm:Endpoints:DataPlane=0",
        "--Swarm:Endpoints:Http=0",
        "--Swarm:Endpoints:Silo=0",
        $"--Swarm:Store:Path={folder}",
        "--Logging:LogLevel:Default=None",
        "--Logging:LogLevel:Orleans=None",
        "--Logging:LogLevel:Microsoft=None",
        .. more,
    ];

    public static async Task<TestSilo> StartAsync(string folder, params string[] more)
    {
        var token = Xunit.TestContext.Current.CancellationToken;
        var host = await SwarmHost.StartAsync(Arguments(folder, more), token);
        try
        {
            return new TestSilo(host, await ConnectAsync(host, token));
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public IContextGrain Context(string name, string token = "")
    {
        new CallCredential(Tenant, token).Attach();
        return Client.GetGrain<IContextGrain>(GrainKeys.Context(Tenant, name));
    }

    public IAgentGrain Agent(string name, string token = "")
    {
        new CallCredential(Tenant, token).Attach();
        return Client.GetGrain<IAgentGrain>(GrainKeys.Agent(Tenant, name));
    }

    public IOpenContext? FindOpen(string context) => Contexts.Find(ContextId.FromNames(Tenant, context));

    public async ValueTask DisposeAsync()
    {
        await _client.StopAsync();
        _client.Dispose();
        await Host.DisposeAsync();
    }

    private static async Task<IHost> ConnectAsync(SwarmHost host, CancellationToken cancellationToken)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client =>
        {
            client.UseStaticClustering(System.Net.IPEndPoint.Parse(host.Ready.Gateway));
            client.Configure<ClusterOptions>(options =>
            {
                options.ClusterId = host.Ready.ClusterId;
                options.ServiceId = host.Ready.ServiceId;
            });
        });
        var client = builder.Build();
        await client.StartAsync(cancellationToken);
        return client;
    }
}
