using Swarm.Azurite;
using Swarm.Host;

namespace Swarm.Benchmarks.Paths;

/// <summary>A whole silo in this process, and a client of it.</summary>
internal sealed class BenchSilo : IAsyncDisposable
{
    private readonly SwarmHost _host;

    private BenchSilo(SwarmHost host, SwarmClient client) => (_host, Client) = (host, client);

    /// <summary>A client of it.</summary>
    public SwarmClient Client { get; }

    /// <summary>Starts one.</summary>
    /// <param name="memoryTierBytes">Capacity of its memory tier.</param>
    /// <param name="store">Settings of its store.</param>
    public static async Task<BenchSilo> StartAsync(long memoryTierBytes, params string[] store)
    {
        var host = await SwarmHost.StartAsync(
            [
                .. store, $"--Swarm:Tiers:MemoryTierBytes={memoryTierBytes}", "--Swarm:Endpoints:Address=127.0.0.1",
                "--Swarm:Endpoints:Gateway=0", "--Swarm:Endpoints:Silo=0", "--Swarm:Endpoints:DataPlane=0",
                "--Swarm:Endpoints:Http=0", "--Logging:LogLevel:Default=Error", "--Logging:LogLevel:Orleans=Error",
            ],
            CancellationToken.None);
        var options = new SwarmClientOptions { ClusterId = host.Ready.ClusterId, ServiceId = host.Ready.ServiceId };
        return new BenchSilo(
            host, await SwarmClient.ConnectAsync($"swarm://{host.Ready.Gateway}", new SwarmCredential("default"), options));
    }

    /// <summary>Starts one over a folder.</summary>
    public static Task<BenchSilo> OverFolderAsync(string folder, long memoryTierBytes) =>
        StartAsync(memoryTierBytes, $"--Swarm:Store:Path={folder}");

    /// <summary>Starts one over a container, without a memory tier.</summary>
    /// <param name="azurite">The emulator.</param>
    /// <param name="container">The container.</param>
    /// <param name="diskTier">Folder of its disk tier; <see langword="null"/> for none.</param>
    public static Task<BenchSilo> OverAzureAsync(AzuriteProcess azurite, string container, string? diskTier) => StartAsync(
        0,
        [
            "--Swarm:Store:Kind=azure", $"--Swarm:Store:ConnectionString={azurite.ConnectionString}",
            $"--Swarm:Store:Container={container}", .. diskTier is null ? (string[])[] : [$"--Swarm:Tiers:DiskTierPath={diskTier}"],
        ]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _host.DisposeAsync();
    }
}
