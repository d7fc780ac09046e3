using Swarm.DataPlane.Server;
using Swarm.Grains.Contexts;
using Swarm.Storage;

namespace Swarm.Host.Settings;

/// <summary>All settings of a silo, read and checked.</summary>
internal sealed record HostSettings
{
    /// <summary><c>Swarm:Store</c>.</summary>
    public required StoreSettings Store { get; init; }

    /// <summary><c>Swarm:Endpoints</c>.</summary>
    public required EndpointSettings Endpoints { get; init; }

    /// <summary><c>Swarm:Cluster</c>.</summary>
    public required ClusterSettings Cluster { get; init; }

    /// <summary><c>Swarm:Log</c> and <c>Swarm:Tiers</c>.</summary>
    public required ContextStoreOptions Storage { get; init; }

    /// <summary><c>Swarm:DataPlane</c>.</summary>
    public required DataPlaneServerOptions DataPlane { get; init; }

    /// <summary><c>Swarm:Contexts</c>.</summary>
    public required ContextGrainOptions Contexts { get; init; }

    /// <summary><c>Swarm:Tenants</c>: names, with the SHA-256 of their token in hex, or empty for none.</summary>
    public required IReadOnlyDictionary<string, string> Tenants { get; init; }
}
