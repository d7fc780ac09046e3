namespace Swarm.Grains.Abstractions;

/// <summary>Grain keys: the tenant's name, a slash, and the agent's or the context's name.</summary>
public static class GrainKeys
{
    /// <summary>Key of an <see cref="IAgentGrain"/>.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="agent">Agent name.</param>
    /// <returns><c>tenant/agent</c>.</returns>
    /// <exception cref="ArgumentException">A name is not allowed.</exception>
    public static string Agent(string tenant, string agent) =>
        $"{Names.RequireTenant(tenant)}/{Names.RequireAgent(agent)}";

    /// <summary>Key of an <see cref="IContextGrain"/>.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="context">Context name; may hold slashes.</param>
    /// <returns><c>tenant/context</c>.</returns>
    /// <exception cref="ArgumentException">A name is not allowed.</exception>
    public static string Context(string tenant, string context) =>
        $"{Names.RequireTenant(tenant)}/{Names.RequireContext(context)}";

    /// <summary>Key of an <see cref="IPrefixGrain"/>.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    public static string Prefixes(string tenant) => $"{Names.RequireTenant(tenant)}/prefixes";

    /// <summary>Key of an <see cref="Fleet.IFleetGrain"/>.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    public static string FleetOf(string tenant) => $"{Names.RequireTenant(tenant)}/fleet";

    /// <summary>Takes a key apart at its first slash: tenant names have none.</summary>
    /// <param name="key">A grain key.</param>
    /// <param name="tenant">The tenant's name.</param>
    /// <param name="name">The agent's or the context's name.</param>
    /// <returns>Whether there was a slash with something on both sides. The names are not checked further.</returns>
    public static bool TrySplit(string key, out string tenant, out string name)
    {
        ArgumentNullException.ThrowIfNull(key);
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        (tenant, name) = slash > 0 ? (key[..slash], key[(slash + 1)..]) : ("", "");
        return name.Length > 0;
    }
}
