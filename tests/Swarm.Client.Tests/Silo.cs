using Swarm.Host;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>A real silo in this process, on a folder that survives it.</summary>
public sealed class Silo : IAsyncDisposable
{
    private readonly SwarmHost _host;

    private Silo(SwarmHost host, string folder) => (_host, Folder) = (host, folder);

    /// <summary>Where its blobs are.</summary>
    public string Folder { get; }

    public string Address => $"swarm://{_host.Ready.Gateway}";

    public static string NewFolder() => Directory.CreateTempSubdirectory("swarm-client-").FullName;

    /// <summary>Starts a silo on a folder of its own.</summary>
    public static async Task<Silo> StartAsync()
    {
        var silo = await StartAsync(NewFolder());
        silo.OwnsFolder = true;
        return silo;
    }

    public static async Task<Silo> StartAsync(string folder, params string[] more)
    {
        string[] args =
        [
            "--Swarm:Store:Path", folder,
            "--Swarm:Endpoints:Address", "127.0.0.1",
            "--Swarm:Endpoints:Gateway", "0",
            "--Swarm:Endpoints:Silo", "0",
            "--Swarm:Endpoints:DataPlane", "0",
            "--Swarm:Endpoints:Http", "0",
            "--Logging:LogLevel:Default", "Warning",
            .. more,
        ];
        return new Silo(await SwarmHost.StartAsync(args, TestContext.Current.CancellationToken), folder);
    }

    public string Health => _host.Ready.Health;

    public string DataPlane => _host.Ready.DataPlane;

    public string ClusterId => _host.Ready.ClusterId;

    public string ServiceId => _host.Ready.ServiceId;

    public string GatewayPort => _host.Ready.Gateway[(_host.Ready.Gateway.LastIndexOf(':') + 1)..];

    /// <summary>Connects as a tenant.</summary>
    public Task<SwarmClient> ConnectAsync(SwarmCredential credential) => ConnectAsync(null, credential);

    /// <summary>Connects; with <paramref name="dataPlane"/>, data-plane connections go there instead.</summary>
    public Task<SwarmClient> ConnectAsync(string? dataPlane = null, SwarmCredential? credential = null)
    {
        var options = new SwarmClientOptions { ClusterId = _host.Ready.ClusterId, ServiceId = _host.Ready.ServiceId };
        if (dataPlane is not null)
        {
            options.DataPlane.MapEndpoint = _ => dataPlane;
        }

        return SwarmClient.ConnectAsync(
            Address, credential ?? new SwarmCredential("default"), options, TestContext.Current.CancellationToken);
    }

    /// <summary>Whether the folder goes with the silo.</summary>
    public bool OwnsFolder { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        if (OwnsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
