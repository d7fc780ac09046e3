using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.State;

namespace Swarm.Storage.Hosting;

/// <summary>Brings sealed pages back where an operation needs what is in them. Runs on the store's loop.</summary>
internal sealed class PageLoader(ContextServices services)
{
    /// <summary>Loads the pages that a rewind to a length cuts into the tails. Call it with the root's gate.</summary>
    /// <exception cref="SwarmRefusedException">A page is damaged, or the store cannot be reached.</exception>
    public Task LoadForRewindAsync(ContextIncarnation context, long length) =>
        GuardAsync(() => LoadForRewindAsync(services, context.Id, context.Durable, length, length));

    /// <summary>Loads the pages that a rewind cuts into the tails of a state that nobody else uses.</summary>
    /// <param name="services">What the store's contexts share.</param>
    /// <param name="id">The context.</param>
    /// <param name="state">Its state.</param>
    /// <param name="length">Positions that are kept.</param>
    /// <param name="kvLength">Positions whose KV is kept.</param>
    public static async Task LoadForRewindAsync(
        ContextServices services, ContextId id, DurableContext state, long length, long kvLength)
    {
        while (state.Inputs.SealedPages.Count > 0 && state.Inputs.SealedPages[^1].EndPosition > length)
        {
            var page = state.Inputs.SealedPages[^1];
            var (startHash, runs) = await services.Pages.ReadInputsAsync(id, page);
            state.Inputs.LoadTail(page, startHash, runs);
        }

        while (state.Extents.SealedPages.Count > 0 && state.Extents.SealedPages[^1].EndPosition > kvLength)
        {
            var page = state.Extents.SealedPages[^1];
            state.Extents.LoadTail(page, await ReadExtentsAsync(services, id, page));
        }
    }

    /// <summary>Extents of a page; of one that is damaged or missing, one extent that stands for lost KV.</summary>
    /// <remarks>KV can be computed again: a page of it that is damaged must not keep anybody from the inputs.</remarks>
    public static async Task<IReadOnlyList<KvExtent>> ReadExtentsAsync(ContextServices services, ContextId id, PageRef page)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await services.Pages.ReadExtentsAsync(id, page);
            }
            catch (CorruptObjectException error) when (!error.IsUnsupported)
            {
                if (attempt > 1)
                {
                    services.Metrics.ExtentPagesDamaged.Add(1);
                    StorageLog.ExtentPageDamaged(services.Logger, services.Names.Label(id), page.FirstPosition, page.EndPosition, error.Message);
                    return [LostKv.Of(page)];
                }
            }
        }
    }

    /// <summary>A chain hasher at the context's KV length.</summary>
    /// <exception cref="SwarmRefusedException">A page is damaged, or the store cannot be reached.</exception>
    public async Task<PrefixHasher> KvHasherAsync(ContextIncarnation context) =>
        context.KvHasher ??= await HasherAtAsync(context, context.KvLength);

    /// <summary>A chain hasher at a position, of inputs that are durable or queued.</summary>
    /// <exception cref="SwarmRefusedException">A page is damaged, or the store cannot be reached.</exception>
    public async Task<PrefixHasher> HasherAtAsync(ContextIncarnation context, long position)
    {
        var inputs = context.Durable.Inputs;
        var hasher = context.NewHasher();
        if (inputs.IsInTail(position - (position % hasher.BlockTokens)))
        {
            inputs.HasherAt(hasher, Math.Min(position, inputs.Length));
            context.Feed(hasher, position);
        }
        else
        {
            await GuardAsync(() => FeedFromPagesAsync(context, hasher, position, isFresh: true));
        }

        return hasher;
    }

    /// <summary>Feeds a hasher up to a position, from pages where it lags that far behind.</summary>
    /// <exception cref="SwarmRefusedException">A page is damaged, or the store cannot be reached.</exception>
    public async Task FeedAsync(ContextIncarnation context, PrefixHasher hasher, long end)
    {
        // Again where a checkpoint sealed more meanwhile: the tail may have moved on before this goes on.
        while (hasher.Position < end && !context.Durable.Inputs.IsInTail(hasher.Position))
        {
            await GuardAsync(() => FeedFromPagesAsync(context, hasher, end, isFresh: false));
        }

        context.Feed(hasher, end);
    }

    private async Task FeedFromPagesAsync(ContextIncarnation context, PrefixHasher hasher, long end, bool isFresh)
    {
        while (isFresh || (hasher.Position < end && !context.Durable.Inputs.IsInTail(hasher.Position)))
        {
            var position = isFresh ? end : hasher.Position;
            var page = context.Durable.Inputs.SealedPages.First(item => item.EndPosition > position);
            var (startHash, runs) = await services.Pages.ReadInputsAsync(context.Id, page);
            if (isFresh)
            {
                hasher.Resume(runs[0].FirstPosition, startHash);
                isFresh = false;
            }

            foreach (var run in runs)
            {
                var skip = (int)Math.Clamp(hasher.Position - run.FirstPosition, 0, run.Tokens.Length);
                var count = (int)Math.Clamp(end - hasher.Position, 0, run.Tokens.Length - skip);
                hasher.Append(run.Tokens.Span.Slice(skip, count));
            }
        }
    }

    /// <summary>Turns damaged objects and store faults into refusals.</summary>
    public static async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (CorruptObjectException error)
        {
            throw error.IsUnsupported ? Refusals.NeedsNewer(error.Message) : Refusals.Damaged(error.Message);
        }
        catch (BlobStoreException fault) when (fault.IsOfOneObject)
        {
            throw Refusals.Damaged(fault.Message);
        }
        catch (BlobStoreException fault)
        {
            throw Refusals.StoreUnavailable(fault.Message);
        }
    }
}
