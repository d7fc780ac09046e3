using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.State;
using Swarm.Tool.Stores;

namespace Swarm.Tool.Verification;

/// <summary>Walks one context from its root as opening does, but seals nothing and goes on behind damage.</summary>
internal sealed class ContextWalker(StoreReader reader, TailFolder folder)
{
    /// <summary>Walks a context.</summary>
    /// <returns>What was found; <see langword="null"/> when there is no such context.</returns>
    public async Task<ContextWalk?> WalkAsync(ContextId id)
    {
        var walk = new ContextWalk(id);
        try
        {
            if (await reader.Roots.ReadAsync(id) is not { } found)
            {
                return null;
            }

            (walk.Root, walk.ETag) = found;
        }
        catch (CorruptObjectException error)
        {
            walk.Damage.Add(
                BlobNames.Root(id), error.Message, walk.Cost(CostKind.CannotOpen), walk.Cost(CostKind.InputsLost));
            return walk;
        }

        if (walk.Root.State != RootState.Ready)
        {
            return walk; // It holds nothing: not finished, given up, or erased.
        }

        await ReadCatalogAsync(walk, walk.Root);
        await ReadPagesAsync(walk, walk.Root);
        walk.State = Load(walk, walk.Root);
        foreach (var tail in walk.Root.Tails)
        {
            await folder.FoldAsync(walk, tail);
        }

        return walk;
    }

    private async Task ReadCatalogAsync(ContextWalk walk, ContextRoot root)
    {
        (walk.Model, var problem) = await reader.ModelAsync(root.Model);
        if (problem is not null)
        {
            walk.Damage.Add(BlobNames.Model(root.Model), problem, walk.Cost(CostKind.CannotOpen));
        }

        (var tenant, problem) = await reader.TenantAsync(walk.Id.Tenant);
        walk.Key = tenant?.Key;
        if (problem is not null)
        {
            walk.Damage.Add(BlobNames.Tenant(walk.Id.Tenant), problem, walk.Cost(CostKind.CannotOpen));
        }
    }

    private async Task ReadPagesAsync(ContextWalk walk, ContextRoot root)
    {
        foreach (var page in root.InputPages)
        {
            await ReadAsync(walk, page, root.InputPages[^1], CostKind.InputsLost, async () =>
                walk.InputPages[page] = await reader.Pages.ReadInputsAsync(walk.Id, page));
        }

        foreach (var page in root.ExtentPages)
        {
            await ReadAsync(walk, page, null, CostKind.KvRecomputed, async () =>
                walk.ExtentPages[page] = await reader.Pages.ReadExtentsAsync(walk.Id, page));
            foreach (var lost in walk.ExtentPages.GetValueOrDefault(page, []).Where(LostKv.IsLost))
            {
                walk.Damage.Add(
                    walk.NameOf(page),
                    "where this KV lies is lost: its own page was damaged when the context was opened",
                    walk.Cost(CostKind.KvRecomputed, lost.FirstPosition, lost.EndPosition));
            }
        }

        if (root.StatePage is { } states)
        {
            await ReadAsync(walk, states, states, CostKind.StatesLost, async () =>
                walk.States = await reader.Pages.ReadStatesAsync(walk.Id, states));
        }
    }

    /// <summary>Reads a page; of inputs and states, the last is needed to open the context.</summary>
    private static async Task ReadAsync(ContextWalk walk, PageRef page, PageRef? last, CostKind cost, Func<Task> read)
    {
        walk.Needed.Add(walk.NameOf(page));
        try
        {
            await read();
        }
        catch (CorruptObjectException error)
        {
            walk.Damage.Add(walk.NameOf(page), error.Message, walk.Cost(cost, page.FirstPosition, page.EndPosition));
            if (page == last)
            {
                walk.Damage.Add(walk.NameOf(page), error.Message, walk.Cost(CostKind.CannotOpen));
            }
        }
    }

    /// <summary>What the root says, before its tail; <see langword="null"/> when a page that opening reads is damaged.</summary>
    private static DurableContext? Load(ContextWalk walk, ContextRoot root)
    {
        var start = walk.Key is null ? default : new PrefixHasher(walk.Key, root.Model, root.BlockTokens).Parent;
        var inputs = new InputTable(root.BlockTokens, root.InputPages.SkipLast(1), start);
        if (root.InputPages is [.., var lastInputs])
        {
            if (!walk.InputPages.TryGetValue(lastInputs, out var content))
            {
                return null;
            }

            inputs.LoadTail(lastInputs, content.StartHash, content.Runs);
        }

        var tail = root.ExtentPages.IsEmpty ? null : walk.ExtentPages.GetValueOrDefault(root.ExtentPages[^1]);
        var extents = new ExtentTable(tail is null ? root.ExtentPages : root.ExtentPages.SkipLast(1));
        if (tail is not null)
        {
            extents.LoadTail(root.ExtentPages[^1], tail);
        }

        if (root.StatePage is not null && walk.States.Count == 0)
        {
            return null;
        }

        if (inputs.Length != root.TokenLength || extents.Length != root.KvLengths.DefaultIfEmpty().Min())
        {
            walk.Damage.Add(
                BlobNames.Root(walk.Id),
                $"it counts {root.TokenLength} inputs and KV of {root.KvLengths.DefaultIfEmpty().Min()}, its pages "
                + $"{inputs.Length} and {extents.Length}",
                walk.Cost(CostKind.CannotOpen));
            return null;
        }

        var state = new DurableContext(root, inputs, extents);
        state.LoadStates(walk.States);
        return state;
    }
}
