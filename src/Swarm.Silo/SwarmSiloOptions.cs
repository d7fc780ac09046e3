using System.Net;
using Swarm.Core.Settings;
using Swarm.DataPlane.Server;
using Swarm.Grains.Contexts;
using Swarm.Silo.Tenants;
using Swarm.Storage;
using Swarm.Storage.Blobs;

namespace Swarm.Silo;

/// <summary>Settings of a silo that is embedded in a host.</summary>
public sealed class SwarmSiloOptions : ISettingRules
{
    /// <summary>
    /// Makes the store: <see cref="InMemoryBlobStore"/>, a file store or an Azure store. Required. Called once, before the silo starts;
    /// the store is disposed of, where it can be, after the silo has stopped.
    /// </summary>
    public Func<IServiceProvider, IBlobStore>? Store { get; set; }

    /// <summary>
    /// Id of the cluster whose silos share the store; <see langword="null"/>, the default, where this silo has the store alone. Silos
    /// that share a store also need a membership that all of them see, such as <c>UseStoreClustering</c>.
    /// </summary>
    public string? SharedBy { get; set; }

    /// <summary>Where the data plane listens. Port 0 is any free one. Default 127.0.0.1:7401.</summary>
    public IPEndPoint DataPlaneEndpoint { get; set; } = new(IPAddress.Loopback, 7401);

    /// <summary>
    /// What agents connect to, as <c>host:port</c>, where that is not <see cref="DataPlaneEndpoint"/>: behind NAT, or while listening on
    /// all addresses. Default <see langword="null"/>.
    /// </summary>
    public string? AdvertisedDataPlane { get; set; }

    /// <summary>
    /// Tenants: names, with the SHA-256 of their token in 64 hexadecimal digits, or empty for none, which is allowed only while listening on
    /// loopback. Where none is named, the default, there is one: <c>default</c>, without a token.
    /// </summary>
    public IDictionary<string, string> Tenants { get; internal init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The log and the tiers.</summary>
    public ContextStoreOptions Storage { get; internal init; } = new();

    /// <summary>The data plane.</summary>
    public DataPlaneServerOptions DataPlane { get; internal init; } = new();

    /// <summary>The grains of contexts.</summary>
    public ContextGrainOptions Contexts { get; internal init; } = new();

    /// <summary>How long another live silo may take to close a context that this one needs. 100 ms to 1 min; default 2 s.</summary>
    [Setting("How long a live silo may take to close a context that another one needs.", Min = "100ms", Max = "1min")]
    public TimeSpan ReleaseTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (Store is null)
        {
            yield return $"{name(nameof(Store))} is not set: name a store, such as new InMemoryBlobStore() for tests.";
        }

        (string Name, object Options)[] parts = [(nameof(Storage), Storage), (nameof(DataPlane), DataPlane), (nameof(Contexts), Contexts)];
        foreach (var fault in parts.SelectMany(part => SettingRules.FindFaults(part.Options, inner => $"{name(part.Name)}.{inner}")))
        {
            yield return fault;
        }

        if (AdvertisedDataPlane is not null && !Swarm.DataPlane.DataPlaneEndpoint.TryParse(AdvertisedDataPlane, out _))
        {
            yield return $"{name(nameof(AdvertisedDataPlane))} is '{AdvertisedDataPlane}'; host:port or [ipv6]:port is needed, with a port of 1 to 65535.";
        }

        if (DataPlaneEndpoint is null)
        {
            yield return $"{name(nameof(DataPlaneEndpoint))} is null: name an address and a port, or leave it at its default, 127.0.0.1:7401.";
            yield break;
        }

        if (AdvertisedDataPlane is null && (DataPlaneEndpoint.Address.Equals(IPAddress.Any) || DataPlaneEndpoint.Address.Equals(IPAddress.IPv6Any)))
        {
            yield return $"{name(nameof(DataPlaneEndpoint))} listens on all addresses ({DataPlaneEndpoint}): set "
                + $"{name(nameof(AdvertisedDataPlane))} to the host and port that agents connect to.";
        }

        var tenants = name(nameof(Tenants));
        foreach (var fault in TenantRules.FindFaults(
            TenantRules.OrDefault(Tenants), IPAddress.IsLoopback(DataPlaneEndpoint.Address), tenants, tenant => $"{tenants}['{tenant}']"))
        {
            yield return fault;
        }
    }
}
