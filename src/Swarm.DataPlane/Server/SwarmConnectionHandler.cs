using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Core.Tenants;

namespace Swarm.DataPlane.Server;

/// <summary>The server side of the data plane: give it to Kestrel with <c>UseConnectionHandler</c>.</summary>
/// <param name="contexts">The silo's open contexts.</param>
/// <param name="tenants">Whose credential is good.</param>
/// <param name="options">Settings, checked.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Where logs go.</param>
public sealed class SwarmConnectionHandler(
    IContextHost contexts,
    ITenantDirectory tenants,
    DataPlaneServerOptions options,
    TimeProvider timeProvider,
    ILogger<SwarmConnectionHandler> logger) : ConnectionHandler
{
    /// <inheritdoc/>
    public override Task OnConnectedAsync(ConnectionContext connection) =>
        throw new NotImplementedException($"{contexts}{tenants}{options}{timeProvider}{logger}");
}
