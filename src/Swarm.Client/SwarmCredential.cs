namespace Swarm;

/// <summary>Who an agent process is: a tenant and its token.</summary>
/// <param name="Tenant">Tenant name, see <see cref="Names.RequireTenant"/>.</param>
/// <param name="Token">The tenant's token; empty where the silo asks for none.</param>
public sealed record SwarmCredential(string Tenant, string Token = "")
{
    /// <summary>Never shows the token.</summary>
    public override string ToString() => $"SwarmCredential({Tenant}, hidden)";
}
