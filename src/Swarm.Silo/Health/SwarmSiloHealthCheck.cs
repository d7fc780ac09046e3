using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Swarm.Silo.Health;

/// <summary>The health check <c>swarm</c> of an embedded silo.</summary>
internal sealed class SwarmSiloHealthCheck(SiloHealth health) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = health.Check();
        var description = $"silo: {state.Silo}; store: {state.Store}{(state.Writes is null ? "" : $"; writes: {state.Writes}")}";
        return Task.FromResult(state.IsReady
            ? HealthCheckResult.Healthy(description)
            : new HealthCheckResult(context.Registration.FailureStatus, description));
    }
}
