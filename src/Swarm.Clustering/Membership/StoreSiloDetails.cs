using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Swarm.Clustering.Membership;

/// <summary>This silo's address, with a generation above those that the membership table has for its endpoint.</summary>
/// <remarks>
/// Orleans takes the time of day for the generation. After a start with a clock that was ahead, every later one would take itself for the
/// older silo, and end.
/// </remarks>
internal sealed class StoreSiloDetails : ILocalSiloDetails
{
    /// <summary>Takes the address from the settings.</summary>
    /// <param name="silo">The silo's name.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="endpoints">What is advertised.</param>
    /// <param name="clustering">The least generation.</param>
    public StoreSiloDetails(
        IOptions<SiloOptions> silo,
        IOptions<ClusterOptions> cluster,
        IOptions<EndpointOptions> endpoints,
        IOptions<StoreClusteringOptions> clustering)
    {
        var (address, at) = (endpoints.Value.AdvertisedIPAddress, endpoints.Value);
        Name = silo.Value.SiloName;
        ClusterId = cluster.Value.ClusterId;
        DnsHostName = Dns.GetHostName();
        var generation = Math.Max(SiloAddress.AllocateNewGeneration(), clustering.Value.LeastGeneration);
        SiloAddress = SiloAddress.New(address, at.SiloPort, generation);
        GatewayAddress = at.GatewayPort == 0 ? null! : SiloAddress.New(address, at.GatewayPort, 0);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string ClusterId { get; }

    /// <inheritdoc/>
    public string DnsHostName { get; }

    /// <inheritdoc/>
    public SiloAddress SiloAddress { get; }

    /// <inheritdoc/>
    public SiloAddress GatewayAddress { get; }
}
