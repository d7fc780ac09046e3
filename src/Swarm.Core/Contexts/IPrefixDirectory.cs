using Swarm.Core.Blocks;

namespace Swarm.Core.Contexts;

/// <summary>Finds, among the contexts of all silos, one whose KV a new context can share. What it finds is a hint: a fork proves it.</summary>
public interface IPrefixDirectory
{
    /// <summary>Most blocks that are looked at: what lies behind is computed.</summary>
    const int MaxBlocks = 16_384;

    /// <summary>Most inputs that are looked at.</summary>
    /// <param name="blockTokens">Positions of a block.</param>
    static int MaxTokensIn(int blockTokens) => MaxBlocks * blockTokens;

    /// <summary>The context of a tenant that has the KV of the longest beginning of some inputs.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="model">The model.</param>
    /// <param name="blockTokens">Positions of a block, 1 to <see cref="PrefixHasher.MaxBlockTokens"/>.</param>
    /// <param name="tokens">The inputs, at most <see cref="MaxTokensIn"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The context and how far it goes, or <see langword="null"/>. Silos that do not answer in time are left out.</returns>
    /// <exception cref="SwarmRefusedException">The store is out of reach.</exception>
    Task<SharedPrefix?> FindAsync(
        string tenant, ModelFingerprint model, int blockTokens, ReadOnlyMemory<int> tokens, CancellationToken cancellationToken);

    /// <summary>Forgets what turned out wrong.</summary>
    /// <param name="context">The context that has other inputs, or is no more.</param>
    /// <returns>A task that ends when the silos that answer in time know.</returns>
    Task ForgetAsync(Identity.ContextId context);
}

/// <summary>A context that begins with some inputs, and has their KV.</summary>
/// <param name="Context">Its name.</param>
/// <param name="Position">Positions that are the same: whole blocks, at least one.</param>
/// <param name="Hash">Chain hash there.</param>
public sealed record SharedPrefix(string Context, long Position, BlockHash Hash);
