using Orleans.Runtime.Services;

namespace Swarm.Clustering.Writers;

/// <summary>Reaches the <see cref="IWriterPeer"/> of a silo.</summary>
/// <param name="services">The silo's services.</param>
internal sealed class WriterPeers(IServiceProvider services) : GrainServiceClient<IWriterPeer>(services)
{
    /// <summary>The one of a silo.</summary>
    /// <param name="silo">The silo.</param>
    /// <returns>A reference; making it sends nothing.</returns>
    public IWriterPeer At(SiloAddress silo) => GetGrainService(silo);
}
