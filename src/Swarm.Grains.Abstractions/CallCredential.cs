namespace Swarm.Grains.Abstractions;

/// <summary>The credential that travels beside every grain call of a client: the tenant's name and its token.</summary>
/// <remarks>
/// It rides in Orleans' <see cref="RequestContext"/>, which flows with the async call: attach it in the method that
/// makes the call. A grain passes it on by itself.
/// </remarks>
/// <param name="Tenant">Tenant name; must be the first part of the called grain's key.</param>
/// <param name="Token">The tenant's token; empty for a tenant without one.</param>
public readonly record struct CallCredential(string Tenant, string Token)
{
    private const string TenantKey = "swarm.tenant";
    private const string TokenKey = "swarm.token";

    /// <summary>Attaches the credential to the calls made from here on in this async flow.</summary>
    public void Attach()
    {
        RequestContext.Set(TenantKey, Tenant);
        RequestContext.Set(TokenKey, Token);
    }

    /// <summary>The credential that came with the present call.</summary>
    /// <returns>The credential, or <see langword="null"/> when the caller attached none.</returns>
    public static CallCredential? Current =>
        RequestContext.Get(TenantKey) is string tenant
            ? new CallCredential(tenant, RequestContext.Get(TokenKey) as string ?? "")
            : null;

    /// <summary>Shows the tenant, never the token.</summary>
    public override string ToString() => $"CallCredential({Tenant}, hidden)";
}
