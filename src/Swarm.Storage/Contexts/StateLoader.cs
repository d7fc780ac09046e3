using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Storage.Hosting;
using Swarm.Storage.State;

namespace Swarm.Storage.Contexts;

/// <summary>Makes durable states out of roots, pages and records. Runs on the store's loop.</summary>
internal sealed class StateLoader(ContextServices services, Catalog catalog)
{
    private const int Tries = 8;

    /// <summary>The state that a root's pages hold.</summary>
    /// <exception cref="CorruptObjectException">A page is damaged or missing; the message names it.</exception>
    public async Task<DurableContext> LoadAsync(ContextId id, ContextRoot root)
    {
        var key = await catalog.GetTenantKeyAsync(id.Tenant, root.Tenant);
        var rootHash = new PrefixHasher(key, root.Model, root.BlockTokens).Parent;
        var inputs = new InputTable(root.BlockTokens, root.InputPages.SkipLast(1), rootHash);
        var inputPage = root.InputPages.IsEmpty ? null : services.Pages.ReadInputsAsync(id, root.InputPages[^1]);
        var extentPage = root.ExtentPages.IsEmpty ? null : PageLoader.ReadExtentsAsync(services, id, root.ExtentPages[^1]);
        var statePage = root.StatePage is null ? null : services.Pages.ReadStatesAsync(id, root.StatePage);
        if (inputPage is not null)
        {
            var (startHash, runs) = await inputPage;
            inputs.LoadTail(root.InputPages[^1], startHash, runs);
        }

        IReadOnlyList<KvExtent> tail = extentPage is null ? [] : await extentPage;

        // A last page that cannot be read stays as it is, sealed: whoever reads KV out of it is told.
        var isReadable = !tail.Any(LostKv.IsLost) || tail.Count > 1;
        var extents = new ExtentTable(isReadable ? root.ExtentPages.SkipLast(1) : root.ExtentPages);
        if (isReadable && extentPage is not null)
        {
            extents.LoadTail(root.ExtentPages[^1], tail);
        }

        var state = new DurableContext(root, inputs, extents);
        if (statePage is not null)
        {
            state.LoadStates(await statePage);
        }

        if (inputs.Length != root.TokenLength || extents.Length != root.KvLengths.Min())
        {
            throw new CorruptObjectException(
                $"{BlobNames.Root(id)} counts {root.TokenLength} inputs and KV of {root.KvLengths.Min()}, its pages "
                + $"{inputs.Length} and {extents.Length}.");
        }

        state.Written = (state.Mark, new PageSet(root.ExtentPages, root.InputPages, root.StatePage));
        return state;
    }

    /// <summary>Applies those of some records that count (protocol, rule 10).</summary>
    public async Task FoldAsync(ContextId id, Id128 incarnationId, DurableContext state, IEnumerable<LogRecord> records)
    {
        foreach (var record in records)
        {
            if (record.Context != id || record.IncarnationId != incarnationId)
            {
                continue;
            }

            var fits = state.Fits(record, incarnationId, services.Rules);
            state.Losses.See(record, fits, state.Inputs.Length, state.Epoch);
            if (fits)
            {
                if (record is TruncateRecord truncate)
                {
                    await PageLoader.LoadForRewindAsync(services, id, state, truncate.Length, truncate.KvLength);
                }

                state.Apply(record);
            }
        }
    }

    /// <summary>What storage holds of a context, whoever has it open (protocol, rule 15). Nothing is sealed.</summary>
    /// <returns>Root and state at one moment; <see langword="null"/> when there is no such context, or it is not ready.</returns>
    /// <exception cref="CorruptObjectException">Something is damaged; the message names it.</exception>
    /// <exception cref="SwarmRefusedException">It kept changing while it was read.</exception>
    public async Task<(ContextRoot Root, DurableContext State)?> ReadAsync(ContextId id)
    {
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (await services.Roots.ReadAsync(id) is not { Root.State: RootState.Ready } found)
            {
                return null;
            }

            CorruptObjectException? fault = null;
            DurableContext? state = null;
            try
            {
                state = await LoadAsync(id, found.Root);
                await FoldTailAsync(id, found.Root, state);
            }
            catch (CorruptObjectException error)
            {
                fault = error; // Collected meanwhile, if the root has changed.
            }

            if (!services.Rules.ReadsRootTwice || (await services.Roots.ReadAsync(id))?.ETag == found.ETag)
            {
                if (fault is not null)
                {
                    throw fault;
                }

                foreach (var lost in state!.Losses.Missing)
                {
                    await services.Damages.NoteAsync(lost);
                }

                return (found.Root, state);
            }

            await Task.Delay(Backoff.After(attempt), services.Time);
        }

        throw Refusals.Busy($"Context {id} changed {Tries} times while it was read. Try again.");
    }

    private async Task FoldTailAsync(ContextId id, ContextRoot root, DurableContext state)
    {
        foreach (var (writer, first) in root.Tails)
        {
            await foreach (var segment in services.Logs.ReadAsync(
                writer, first, lost => state.Losses.Miss(new LogPosition(writer, lost), state.Inputs.Length)))
            {
                await FoldAsync(id, root.IncarnationId, state, segment.Records);
            }
        }
    }
}
