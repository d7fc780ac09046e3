using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Host.Settings;

namespace Swarm.Host.Connections;

/// <summary>The gates of a silo's four ports.</summary>
/// <param name="limits">How many connections each port takes.</param>
/// <param name="endpoints">The ports; those of Orleans are chosen.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="metrics">Counts them.</param>
/// <param name="logger">Where floods are logged.</param>
internal sealed class ConnectionGates(
    ConnectionLimits limits, EndpointSettings endpoints, TimeProvider timeProvider, HostMetrics metrics, ILogger<ConnectionGates> logger)
    : IConfigureOptions<SiloConnectionOptions>
{
    private readonly ConnectionGate _http = new("http", limits.Http, Greeting.HasBegun, timeProvider, metrics, logger);
    private readonly ConnectionGate _dataPlane = new("data plane", limits.DataPlane, Greeting.HasBegun, timeProvider, metrics, logger);
    private readonly ConnectionGate _gateway = new("gateway", limits.Gateway, Greeting.IsOrleansPreamble, timeProvider, metrics, logger);
    private readonly ConnectionGate _silo = new("silo", limits.Silo, Greeting.IsOrleansPreamble, timeProvider, metrics, logger);
    private int _boundHttp;

    /// <summary>The gate of what is bound.</summary>
    /// <param name="endpoint">What is bound. Where HTTP and data plane may have any port, HTTP is bound first.</param>
    public ConnectionGate Of(EndPoint endpoint) => (endpoint as IPEndPoint)?.Port switch
    {
        null => _dataPlane, // Its Unix domain socket.
        var port when port == endpoints.Gateway => _gateway,
        var port when port == endpoints.Silo => _silo,
        var port when port == endpoints.Http && (port != 0 || Interlocked.Exchange(ref _boundHttp, 1) == 0) => _http,
        _ => _dataPlane,
    };

    /// <summary>Guards the HTTP port.</summary>
    public void GuardHttp(IConnectionBuilder builder) => _http.Guard(builder);

    /// <summary>Guards the data plane's port.</summary>
    public void GuardDataPlane(IConnectionBuilder builder) => _dataPlane.Guard(builder);

    /// <summary>Guards Orleans' ports.</summary>
    public void Configure(SiloConnectionOptions options)
    {
        options.ConfigureGatewayInboundConnection(_gateway.Guard);
        options.ConfigureSiloInboundConnection(_silo.Guard);
    }
}
