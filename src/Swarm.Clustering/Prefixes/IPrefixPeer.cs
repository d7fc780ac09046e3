using Orleans.Services;

namespace Swarm.Clustering.Prefixes;

/// <summary>One silo, asked by another which of its contexts begin with some blocks. One of them lives on each silo.</summary>
/// <remarks>Chain hashes are keyed by tenant: whoever does not know the tenant's key can ask for nothing.</remarks>
[Alias("swarm.prefix-peer.v1")]
internal interface IPrefixPeer : IGrainService
{
    /// <summary>The context here that has the KV of most of some blocks, from the first on.</summary>
    /// <param name="chain">Chain hashes, 32 bytes each.</param>
    /// <param name="blockTokens">Positions of a block.</param>
    /// <returns>Its name, empty for none, and the positions.</returns>
    [Alias("find")]
    Task<(string Context, long Position)> FindAsync(byte[] chain, int blockTokens);

    /// <summary>Forgets a context.</summary>
    /// <param name="context">Encoded id of the context, 32 bytes.</param>
    [Alias("forget")]
    Task ForgetAsync(byte[] context);
}
