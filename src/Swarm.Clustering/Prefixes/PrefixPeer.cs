using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Storage;

namespace Swarm.Clustering.Prefixes;

/// <summary>Answers other silos out of this silo's index.</summary>
/// <param name="id">Id of the grain service.</param>
/// <param name="silo">The silo.</param>
/// <param name="loggers">Where logs go.</param>
/// <param name="contexts">This silo's contexts.</param>
[Reentrant]
internal sealed class PrefixPeer(GrainId id, Silo silo, ILoggerFactory loggers, ContextStore contexts)
    : GrainService(id, silo, loggers), IPrefixPeer
{
    /// <inheritdoc/>
    public Task<(string Context, long Position)> FindAsync(byte[] chain, int blockTokens)
    {
        var hashes = new BlockHash[chain.Length / Digest256.SizeBytes];
        for (var index = 0; index < hashes.Length; index++)
        {
            hashes[index] = new BlockHash(new Digest256(chain.AsSpan(index * Digest256.SizeBytes, Digest256.SizeBytes)));
        }

        var found = contexts.Prefixes.FindLongest(hashes, blockTokens);
        return Task.FromResult((found?.Context ?? "", found?.Position ?? 0));
    }

    /// <inheritdoc/>
    public Task ForgetAsync(byte[] context) => contexts.ForgetPrefixAsync(ContextId.Read(context));
}
