using Swarm.Core.Identity;
using Swarm.Core.Settings;

namespace Swarm.Silo.Tenants;

/// <summary>The rules for tenants in settings, embedded or not.</summary>
internal static class TenantRules
{
    /// <summary>The tenants that are named; where none is, <c>default</c> without a token.</summary>
    public static IDictionary<string, string> OrDefault(IDictionary<string, string> tenants) =>
        tenants.Count > 0 ? tenants : new Dictionary<string, string>(StringComparer.Ordinal) { ["default"] = "" };

    /// <summary>Checks all tenants.</summary>
    /// <param name="tenants">Names, with the SHA-256 of their token in hex, or empty for none.</param>
    /// <param name="isOnLoopback">Whether the silo listens on loopback alone.</param>
    /// <param name="all">What the user calls the setting of all tenants.</param>
    /// <param name="name">Makes of a tenant's name what the user calls its setting.</param>
    /// <returns>One sentence for each fault. Values are not shown: somebody may have put the token itself there.</returns>
    public static IEnumerable<string> FindFaults(
        IEnumerable<KeyValuePair<string, string>> tenants, bool isOnLoopback, string all, Func<string, string> name)
    {
        foreach (var (tenant, token) in tenants)
        {
            if (FaultOf(tenant) is { } fault)
            {
                yield return $"{all}: {fault}";
            }

            if (token.Length > 0 && (token.Length != Digest256.SizeBytes * 2 || !token.All(char.IsAsciiHexDigit)))
            {
                yield return $"{name(tenant)} is not the SHA-256 of a token in {Digest256.SizeBytes * 2} hexadecimal digits; make it with: "
                    + "printf %s \"$TOKEN\" | sha256sum";
            }

            if (token.Length == 0 && !isOnLoopback)
            {
                yield return $"{name(tenant)} has no token, which is allowed only while listening on loopback: set it to the SHA-256 of a token.";
            }
        }
    }

    private static string? FaultOf(string tenant)
    {
        try
        {
            Names.RequireTenant(tenant);
            return null;
        }
        catch (ArgumentException exception)
        {
            return SettingRules.TextOf(exception);
        }
    }
}
