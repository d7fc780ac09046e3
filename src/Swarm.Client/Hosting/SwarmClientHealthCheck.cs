using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Swarm.Client.Hosting;

/// <summary>Whether a client's gateway answers. Connects, if the client has not been used yet.</summary>
internal sealed class SwarmClientHealthCheck(HostedSwarmClient client) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var connected = await client.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return connected.GatewayFault is { } fault
                ? new HealthCheckResult(context.Registration.FailureStatus, fault)
                : HealthCheckResult.Healthy("The gateway answers.");
        }
        catch (Exception exception) when (exception is SwarmTransportException or SwarmRefusedException or ObjectDisposedException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception.Message, exception);
        }
    }
}
