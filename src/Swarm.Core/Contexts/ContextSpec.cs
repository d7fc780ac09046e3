using Swarm.Core.Identity;

namespace Swarm.Core.Contexts;

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
