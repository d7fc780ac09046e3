using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
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

    public Task<SwarmClient> ConnectAsync(ILoggerFactory? loggers = null) => SwarmClient.ConnectAsync(
        Address,
        new SwarmCredential("default"),
        new SwarmClientOptions
        {
            ClusterId = _host.Ready.ClusterId,
            ServiceId = _host.Ready.ServiceId,
            LoggerFactory = loggers ?? NullLoggerFactory.Instance,
        },
        TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
