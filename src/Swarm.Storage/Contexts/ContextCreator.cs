using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Storage.Hosting;
using Swarm.Storage.Identity;
using Swarm.Storage.Manifests;

namespace Swarm.Storage.Contexts;

/// <summary>Makes contexts, and shows afterwards that they are in the store that this silo works with.</summary>
internal sealed class ContextCreator(ContextServices services, Catalog catalog, StoreGuard guard)
{
    /// <summary>Creates a context.</summary>
    /// <param name="spec">What it is.</param>
    /// <returns>Whether this call made it; false where it exists.</returns>
    /// <exception cref="SwarmRefusedException">A setting of it is not possible, or the store cannot be used.</exception>
    public async Task<bool> CreateAsync(ContextSpec spec)
    {
        if (spec.BlockTokens is < 1 or > PrefixHasher.MaxBlockTokens)
        {
            throw Refusals.Invalid(
                $"A block of {spec.BlockTokens} positions is impossible: 1 to {PrefixHasher.MaxBlockTokens} are.");
        }

        var isNew = false;
        await PageLoader.GuardAsync(async () =>
        {
            var before = await services.Roots.ReadAsync(spec.Id);
            if (before is { Root.State: RootState.Ready })
            {
                return; // In the place of a fork that is being made, if there is one: perhaps nobody goes on with it.
            }

            await catalog.AddModelAsync(spec.Model);
            var key = await catalog.GetTenantKeyAsync(spec.Id.Tenant, spec.Tenant);
            var fingerprint = spec.Model.ComputeFingerprint();
            var root = new ContextRoot
            {
                State = RootState.Ready,
                Nonce = services.Ids.Next(),
                Generation = (before?.Root.Generation ?? 0) + 1,
                Tenant = spec.Tenant,
                Name = spec.Name,
                Model = fingerprint,
                BlockTokens = spec.BlockTokens,
                Epoch = before?.Root.Epoch ?? default,
                Holder = "",
                ReservedFor = "",
                SecretHash = default,
                TokenLength = 0,
                KvLengths = [.. spec.Model.Geometry.Groups.Select(_ => 0L)],
                BlockChain = new PrefixHasher(key, fingerprint, spec.BlockTokens).Parent,
                ExtentPages = [],
                InputPages = [],
                Tails = [],
                IncarnationId = default,
            };
            // Before: a root without them could never be opened. Afterwards: only what the store has is made.
            await ConfirmCatalogAsync(spec.Id, fingerprint);
            isNew = before is null
                ? await services.Roots.CreateAsync(spec.Id, root)
                : (await services.Roots.ReplaceAsync(spec.Id, root, before.Value.ETag, default)).Outcome == RootOutcome.Written;
            await ConfirmCatalogAsync(spec.Id, fingerprint);
            await services.ConfirmStoreAsync();
            if (services.Rules.SameStore.ConfirmsStore && await services.Roots.ReadAsync(spec.Id) is null)
            {
                throw Refusals.Busy($"Context {spec.Id} was made, and is not there. Try again.");
            }
        });
        return isNew;
    }

    /// <summary>Throws where a tenant or a model that is known here is not in the store: it is not the one that it was.</summary>
    private async Task ConfirmCatalogAsync(ContextId id, ModelFingerprint model)
    {
        if (services.Rules.SameStore.ConfirmsStore && await catalog.FindMissingAsync(id.Tenant, model) is { } missing)
        {
            await guard.CheckAsync();
            throw guard.End($"{missing} is missing, which is never deleted: the store went back to an earlier state, or has lost objects");
        }
    }
}
