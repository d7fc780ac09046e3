using Orleans.Runtime.Services;

namespace Swarm.Clustering.Prefixes;

/// <summary>Reaches the <see cref="IPrefixPeer"/> of a silo.</summary>
/// <param name="services">The silo's services.</param>
internal sealed class PrefixPeers(IServiceProvider services) : GrainServiceClient<IPrefixPeer>(services)
{
    /// <summary>The one of a silo.</summary>
    /// <param name="silo">The silo.</param>
    /// <returns>A reference; making it sends nothing.</returns>
    public IPrefixPeer At(SiloAddress silo) => GetGrainService(silo);
}
