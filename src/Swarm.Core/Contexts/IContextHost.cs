using Swarm.Core.Identity;

namespace Swarm.Core.Contexts;

/// <summary>The port behind which a silo keeps its open contexts. Grains and the data plane both come through it.</summary>
/// <remarks>Thread-safe. Refusals are thrown as <see cref="SwarmRefusedException"/>.</remarks>
public interface IContextHost
{
    /// <summary>Opens a context here, or returns it when it is open here.</summary>
    /// <param name="id">The context.</param>
    /// <param name="cancellationToken">Stops waiting; the opening may still take effect.</param>
    /// <returns>The open context, or <see langword="null"/> when there is no such context.</returns>
    /// <exception cref="SwarmRefusedException">Busy elsewhere, corrupt, or the store is out of reach.</exception>
    ValueTask<IOpenContext?> OpenAsync(ContextId id, CancellationToken cancellationToken);

    /// <summary>Makes a context if there is none of that name. Repeating it is harmless.</summary>
    /// <param name="spec">What it is made with.</param>
    /// <param name="cancellationToken">Stops waiting; the creation may still take effect.</param>
    /// <returns>Whether this call made it; <see langword="false"/> when it was there already, whatever its model.</returns>
    /// <exception cref="SwarmRefusedException">The store is out of reach.</exception>
    ValueTask<bool> CreateAsync(ContextSpec spec, CancellationToken cancellationToken);

    /// <summary>Makes a context that begins with another one's first positions, without copying KV. Repeating it is harmless.</summary>
    /// <param name="parent">The context that it shares positions with; it is read from storage, whoever has it open.</param>
    /// <param name="name">Name of the new context, of the same tenant.</param>
    /// <param name="position">Positions to share, 0 to what is durable; <see langword="null"/> for all that is.</param>
    /// <param name="through">
    /// Chain hash that the parent must have there; the fork then ends at the last whole step before. <see langword="null"/> for
    /// whatever it has.
    /// </param>
    /// <param name="cancellationToken">Stops waiting; the fork may still take effect.</param>
    /// <returns>What became of it. Nobody holds the new context; KV of a step that the position would cut is left out.</returns>
    /// <exception cref="SwarmRefusedException">
    /// There is no such parent, it is shorter, has other inputs, or the name is in use otherwise; corrupt, or the store is out of reach.
    /// </exception>
    ValueTask<Forked> ForkAsync(ContextId parent, string name, long? position, Blocks.BlockHash? through, CancellationToken cancellationToken);

    /// <summary>Forgets a context for good: its inputs, KV and states. Repeating it is harmless.</summary>
    /// <param name="id">The context. Its holder, if any, is fenced.</param>
    /// <param name="cancellationToken">Stops waiting; the erasure may still take effect.</param>
    /// <returns>Whether this call erased it; <see langword="false"/> when there was none.</returns>
    /// <remarks>
    /// The objects go with the next collections: those that other contexts, forks of this one among them, do not refer to.
    /// </remarks>
    /// <exception cref="SwarmRefusedException">Busy elsewhere, corrupt, or the store is out of reach.</exception>
    ValueTask<bool> EraseAsync(ContextId id, CancellationToken cancellationToken);

    /// <summary>The context if it is open here, without opening it.</summary>
    /// <param name="id">The context.</param>
    /// <returns>The open context, or <see langword="null"/>.</returns>
    IOpenContext? Find(ContextId id);

    /// <summary>The key of a tenant's block hashes; made at first use.</summary>
    /// <param name="tenant">The tenant's name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The key, the same on every silo of the store.</returns>
    /// <exception cref="SwarmRefusedException">The store is out of reach.</exception>
    ValueTask<Blocks.TenantKey> GetTenantKeyAsync(string tenant, CancellationToken cancellationToken);
}

/// <summary>What a context is made with. Fixed for its life.</summary>
/// <param name="Tenant">Tenant name.</param>
/// <param name="Name">Context name.</param>
/// <param name="Model">The model whose KV it holds.</param>
/// <param name="BlockTokens">Positions of a block.</param>
public sealed record ContextSpec(string Tenant, string Name, ModelDescriptor Model, int BlockTokens)
{
    /// <summary>The opaque id of these names.</summary>
    public ContextId Id => ContextId.FromNames(Tenant, Name);
}
