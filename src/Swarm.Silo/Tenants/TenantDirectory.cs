using System.Text;
using Swarm.Core.Identity;
using Swarm.Core.Tenants;

namespace Swarm.Silo.Tenants;

/// <summary>The tenants of the settings. Holds hashes of tokens, never tokens.</summary>
internal sealed class TenantDirectory : ITenantDirectory
{
    // What an unknown tenant's token is compared with, so that it takes as long as a wrong one.
    private readonly Digest256 _nobody = Digest256.Sha256(Guid.NewGuid().ToByteArray());
    private readonly Dictionary<string, Digest256?> _tenants;

    /// <summary>Takes over checked settings.</summary>
    /// <param name="tenants">Names, with the SHA-256 of their token in hex, or empty for none.</param>
    public TenantDirectory(IReadOnlyDictionary<string, string> tenants) => _tenants = tenants.ToDictionary(
        tenant => tenant.Key,
        tenant => tenant.Value.Length == 0 ? (Digest256?)null : Digest256.Parse(tenant.Value),
        StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool IsAllowed(string tenant, string token)
    {
        var isKnown = _tenants.TryGetValue(tenant ?? "", out var expected);
        if (isKnown && expected is null)
        {
            return true; // Without a token, anybody on this machine is the tenant.
        }

        var given = Digest256.Sha256(Encoding.UTF8.GetBytes(token ?? ""));
        return given.FixedTimeEquals(expected ?? _nobody) && isKnown;
    }
}
