using Microsoft.Extensions.Logging;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Storage;

namespace Swarm.Clustering.Prefixes;

/// <summary>Looks into this silo's index, and asks the others for theirs.</summary>
/// <param name="contexts">This silo's contexts.</param>
/// <param name="peers">The other silos.</param>
/// <param name="membership">Which silos there are.</param>
/// <param name="local">This silo.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class ClusterPrefixes(
    ContextStore contexts,
    PrefixPeers peers,
    IClusterMembershipService membership,
    ILocalSiloDetails local,
    TimeProvider timeProvider,
    ILogger<ClusterPrefixes> logger) : IPrefixDirectory
{
    // Whoever waits could compute a few hundred positions in that time.
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public async Task<SharedPrefix?> FindAsync(
        string tenant, ModelFingerprint model, int blockTokens, ReadOnlyMemory<int> tokens, CancellationToken cancellationToken)
    {
        var key = await contexts.GetTenantKeyAsync(tenant, cancellationToken);
        var chain = new Chain();
        new PrefixHasher(key, model, blockTokens).Append(tokens.Span, chain);
        var hashes = chain.Hashes;
        var best = contexts.Prefixes.FindLongest(hashes.ToArray(), blockTokens);
        var others = Others();
        if (hashes.Count == 0 || others.Length == 0 || best?.Position == (long)hashes.Count * blockTokens)
        {
            return best;
        }

        var bytes = new byte[hashes.Count * Digest256.SizeBytes];
        for (var index = 0; index < hashes.Count; index++)
        {
            hashes[index].Value.CopyTo(bytes.AsSpan(index * Digest256.SizeBytes));
        }

        foreach (var (context, position) in await Task.WhenAll(others.Select(
            silo => AskAsync(silo, peer => peer.FindAsync(bytes, blockTokens), cancellationToken))))
        {
            if (position > (best?.Position ?? 0) && position <= (long)hashes.Count * blockTokens)
            {
                best = new SharedPrefix(context, position, hashes[(int)(position / blockTokens) - 1]);
            }
        }

        return best;
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(ContextId context)
    {
        await contexts.ForgetPrefixAsync(context);
        var bytes = new byte[ContextId.SizeBytes];
        context.CopyTo(bytes);
        await Task.WhenAll(Others().Select(silo => AskAsync(
            silo,
            async peer =>
            {
                await peer.ForgetAsync(bytes);
                return ("", 0);
            },
            default)));
    }

    private SiloAddress[] Others() =>
    [
        .. membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(local.SiloAddress))
            .Select(member => member.SiloAddress),
    ];

    private async Task<(string Context, long Position)> AskAsync(
        SiloAddress silo, Func<IPrefixPeer, Task<(string Context, long Position)>> ask, CancellationToken cancellationToken)
    {
        RequestContext.Clear(); // The caller's credential is not theirs to see.
        try
        {
            return await ask(peers.At(silo)).WaitAsync(_patience, timeProvider, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            ClusteringLog.PrefixPeerSilent(logger, silo, exception.Message);
            return ("", 0);
        }
    }

    private sealed class Chain : IBlockSink
    {
        public List<BlockHash> Hashes { get; } = [];

        public void Add(long end, BlockHash hash) => Hashes.Add(hash);
    }
}
