using Swarm.DataPlane.Server;
using Swarm.Grains.Contexts;
using Swarm.Storage;

namespace Swarm.Host.Settings;

/// <summary>All settings of a silo: the defaults, until they are read.</summary>
internal sealed record HostSettings
{
    /// <summary>Configuration section of the tenants.</summary>
    public const string TenantsSectionName = "Swarm:Tenants";

    /// <summary><c>Swarm:Store</c>.</summary>
    public StoreSettings Store { get; } = new();

    /// <summary><c>Swarm:Endpoints</c>.</summary>
    public EndpointSettings Endpoints { get; } = new();

    /// <summary><c>Swarm:Cluster</c>.</summary>
    public ClusterSettings Cluster { get; } = new();

    /// <summary><c>Swarm:Log</c> and <c>Swarm:Tiers</c>.</summary>
    public ContextStoreOptions Storage { get; } = new();

    /// <summary><c>Swarm:DataPlane</c>.</summary>
    public DataPlaneServerOptions DataPlane { get; } = new();

    /// <summary><c>Swarm:Contexts</c>.</summary>
    public ContextGrainOptions Contexts { get; } = new();

    /// <summary><c>Swarm:Tenants</c>: names, with the SHA-256 of their token in hex, or empty for none.</summary>
    public IReadOnlyDictionary<string, string> Tenants { get; set; } = new Dictionary<string, string>();

    /// <summary>What is bound from configuration, with the section of each.</summary>
    public IReadOnlyList<(string Section, object Options)> Bound =>
    [
        (StoreSettings.SectionName, Store),
        (EndpointSettings.SectionName, Endpoints),
        (ClusterSettings.SectionName, Cluster),
        (ContextStoreOptions.LogSectionName, Storage),
        (DataPlaneServerOptions.SectionName, DataPlane),
        (ContextGrainOptions.SectionName, Contexts),
    ];
}
