namespace Swarm.Core.Tenants;

/// <summary>The port that says whose credential is good. The grains and the data plane both ask it.</summary>
public interface ITenantDirectory
{
    /// <summary>Whether a token opens a tenant. Takes the same time for any wrong token.</summary>
    /// <param name="tenant">Tenant name as the caller gave it; any string.</param>
    /// <param name="token">Token as the caller gave it; empty for none.</param>
    /// <returns><see langword="false"/> for an unknown tenant as for a wrong token.</returns>
    bool IsAllowed(string tenant, string token);
}
