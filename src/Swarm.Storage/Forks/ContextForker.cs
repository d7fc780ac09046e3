using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Contexts;
using Swarm.Storage.Hosting;
using Swarm.Storage.Manifests;

namespace Swarm.Storage.Forks;

/// <summary>Forks contexts (protocol, rule 16): a root that announces itself, the parent as storage has it, then a root that is ready.</summary>
/// <remarks>Runs on the store's loop. Nothing of the parent is copied but the pages that the position cuts.</remarks>
internal sealed class ContextForker(ContextServices services, StateLoader loader, PageWriter pageWriter, Catalog catalog)
{
    private const int Tries = 6;

    /// <summary>See <see cref="IContextHost.ForkAsync"/>.</summary>
    public async Task<Forked> ForkAsync(ContextId parent, string name, long? position, BlockHash? through)
    {
        Names.RequireContext(name);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (await services.Roots.ReadAsync(parent) is not { Root.State: RootState.Ready } found)
            {
                throw Refusals.NotFound($"The context to make '{name}' from does not exist, or does not exist any more.");
            }

            var child = ContextId.FromNames(found.Root.Tenant, name);
            if (child == parent)
            {
                throw Refusals.Invalid($"Context '{name}' cannot be a fork of itself. Choose another name.");
            }

            if (await FindAsync(child, parent, found.Root.Name, position, through is not null) is { } there)
            {
                return there;
            }

            var announced = services.Rules.ForksInTwoPhases ? await AnnounceAsync(child, parent, found.Root, name, position) : null;
            if (announced is null && services.Rules.ForksInTwoPhases)
            {
                await Task.Delay(Backoff.After(attempt), services.Time);
                continue;
            }

            var made = await CompleteOrAbortAsync(child, parent, name, position, through, announced);
            if (made is not null)
            {
                return made.Value;
            }

            await Task.Delay(Backoff.After(attempt), services.Time);
        }

        throw Refusals.Busy($"Fork '{name}' was begun {Tries} times in vain: others write that name, or erase what it is made from. Try again.");
    }

    /// <summary>Completes an announced fork. Of one that fails the name is free again at once, not when a collection comes by.</summary>
    private async Task<Forked?> CompleteOrAbortAsync(
        ContextId child, ContextId parent, string name, long? position, BlockHash? through, (ContextRoot Root, string ETag)? announced)
    {
        try
        {
            return await CompleteAsync(child, parent, name, position, through, announced);
        }
        catch (Exception fault) when (announced is not null && fault is SwarmRefusedException or CorruptObjectException)
        {
            var (root, etag) = announced!.Value;
            await services.Roots.ReplaceAsync(
                child, root with { State = RootState.Aborted, Nonce = services.Ids.Next(), Generation = root.Generation + 1 }, etag, default);
            throw;
        }
    }

    /// <summary>The fork if it has been made before.</summary>
    private async Task<Forked?> FindAsync(ContextId child, ContextId parent, string parentName, long? position, bool isAtMost)
    {
        if (await services.Roots.ReadAsync(child) is not { Root.State: RootState.Ready } found)
        {
            return null;
        }

        var root = found.Root;
        if (root.Parent == parent && (position is null || position == root.ParentPosition || (isAtMost && root.ParentPosition < position)))
        {
            return new Forked(false, root.ParentPosition);
        }

        var what = root.Parent is not { } other
            ? "was not made as a fork"
            : other == parent
                ? $"is a fork of '{parentName}' at {root.ParentPosition}"
                : $"is a fork of {await NameAsync(other)} at {root.ParentPosition}";
        throw Refusals.Invalid(
            $"Context '{root.Name}' exists and {what}: it cannot become the fork of '{parentName}' at {position?.ToString() ?? "its end"}. "
            + "Choose another name, or erase it first.");
    }

    private async Task<string> NameAsync(ContextId context) =>
        await services.Roots.ReadAsync(context) is { } found ? $"'{found.Root.Name}'" : "a context that was erased";

    /// <summary>Writes that there will be a fork: a collection that runs then deletes nothing.</summary>
    /// <returns>Root and ETag; <see langword="null"/> when somebody else writes that root too.</returns>
    private async Task<(ContextRoot Root, string ETag)?> AnnounceAsync(
        ContextId child, ContextId parent, ContextRoot parentRoot, string name, long? position)
    {
        var root = Blank(parentRoot, parent, name, position) with { State = RootState.Forking };
        if (await services.Roots.CreateAsync(child, root))
        {
            return await services.Roots.ReadAsync(child) is { } made && made.Root.Nonce == root.Nonce ? made : null;
        }

        // A vacant name, or an earlier try that nobody goes on with: if somebody does, one of the two loses.
        if (await services.Roots.ReadAsync(child) is not { } found || found.Root.State == RootState.Ready)
        {
            return null;
        }

        root = root with { Generation = found.Root.Generation + 1, Epoch = found.Root.Epoch };
        var write = await services.Roots.ReplaceAsync(child, root, found.ETag, default);
        return write.Outcome == RootOutcome.Written ? (root, write.ETag) : null;
    }

    private async Task<Forked?> CompleteAsync(
        ContextId child, ContextId parent, string name, long? position, BlockHash? through, (ContextRoot Root, string ETag)? announced)
    {
        if (await loader.ReadAsync(parent) is not { } found)
        {
            throw Refusals.NotFound($"The context to make '{name}' from was erased meanwhile.");
        }

        var (parentRoot, state) = found;
        var length = position ?? state.Inputs.Length;
        if (length < 0 || length > state.Inputs.Length)
        {
            throw Refusals.ForkBeyondEnd(parentRoot.Name, name, length, state.Inputs.Length);
        }

        try
        {
            await PageLoader.LoadForRewindAsync(services, parent, state, length, length);
            await PageLoader.LoadForRewindAsync(services, parent, state, length, state.Inputs.FloorToStep(length)); // KV is cut there.
        }
        catch (CorruptObjectException)
        {
            // A fork that took long is given up by a collection, which then deletes what only this try has read of.
            if (announced is not { } own || (await services.Roots.ReadAsync(child))?.ETag == own.ETag)
            {
                throw;
            }

            return null;
        }

        var key = await catalog.GetTenantKeyAsync(child.Tenant, parentRoot.Tenant);
        PrefixHasher NewHasher() => new(key, parentRoot.Model, parentRoot.BlockTokens);
        if (through is { } expected)
        {
            if (state.Inputs.HasherAt(NewHasher(), length).Current() != expected)
            {
                throw Refusals.Conflict(
                    $"Context '{parentRoot.Name}' has other inputs before position {length} than it was taken to have.", length);
            }

            length = state.Inputs.FloorToStep(length);
            if (length == 0)
            {
                throw Refusals.Conflict($"Context '{parentRoot.Name}' has no whole step before position {position}.", 0);
            }

            state.ForgetStates(); // Its inputs are shared by somebody who does not know of it.
        }

        state.CutTo(length, NewHasher);
        var forkId = services.Ids.Next();
        state.ShareWith(parent);
        await pageWriter.SealFullPagesAsync(child, forkId, state, NewHasher);
        var pages = await pageWriter.Snapshot(child, forkId, state)();
        var blank = Blank(parentRoot, parent, name, position);
        var root = ContextRoots.Next(
            announced?.Root ?? blank,
            state,
            NewHasher(),
            services.Ids.Next(),
            default,
            []).With(pages) with
        {
            State = RootState.Ready,
            Holder = "",
            ReservedFor = "",
            SecretHash = default,
            ParentPosition = length,
            Epoch = announced is { } mine && mine.Root.Epoch > state.Epoch ? mine.Root.Epoch : state.Epoch, // A name's epochs never go back.
            Loss = state.Losses.Loss is { } loss && loss.Kept <= length ? loss : null,
        };
        var isMade = announced is { } before
            ? (await services.Roots.ReplaceAsync(child, root, before.ETag, default, blank)).Outcome == RootOutcome.Written
            : await services.Roots.CreateAsync(child, root, blank);
        if (!isMade)
        {
            return null;
        }

        services.Names.Note(child, name);
        services.Names.Note(parent, parentRoot.Name);
        StorageLog.ContextForked(services.Logger, services.Names.Label(child), services.Names.Label(parent), length);
        return new Forked(true, length);
    }

    private ContextRoot Blank(ContextRoot parentRoot, ContextId parent, string name, long? position) => new()
    {
        State = RootState.Forking,
        Nonce = services.Ids.Next(),
        Generation = 1,
        Tenant = parentRoot.Tenant,
        Name = name,
        Model = parentRoot.Model,
        BlockTokens = parentRoot.BlockTokens,
        Epoch = default,
        Holder = "",
        ReservedFor = "",
        SecretHash = default,
        TokenLength = 0,
        KvLengths = [.. parentRoot.KvLengths.Select(_ => 0L)],
        BlockChain = parentRoot.BlockChain,
        ExtentPages = [],
        InputPages = [],
        Tails = [],
        IncarnationId = default,
        Parent = parent,
        ParentPosition = position ?? 0,
    };
}
