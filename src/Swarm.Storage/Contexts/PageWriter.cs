using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Manifests;
using Swarm.Storage.State;

namespace Swarm.Storage.Contexts;

/// <summary>Writes a durable state as pages (protocol, rule 12). Runs on the store's loop.</summary>
internal sealed class PageWriter(PageStore pages, ContextStoreOptions options)
{
    /// <summary>Writes full pages of the tails for good, so that what is written again and again stays small.</summary>
    /// <returns>False: a rewind came between; try later.</returns>
    public async Task<bool> SealFullPagesAsync(
        ContextId context, Id128 incarnationId, DurableContext state, Func<PrefixHasher> newHasher)
    {
        var (inputs, extents) = (state.Inputs, state.Extents);
        while (inputs.FullPage(options.PageBlocks) is { } full)
        {
            var version = inputs.Version;
            var page = await pages.WriteInputsAsync(context, incarnationId, inputs.TailStart, inputs.StartHash, full.Runs);
            if (inputs.Version != version)
            {
                return false;
            }

            inputs.Seal(page, full.Steps, inputs.HasherAt(newHasher(), full.End).Parent);
        }

        while (extents.Tail.Count >= options.PageExtents)
        {
            var version = extents.Version;
            var page = await pages.WriteExtentsAsync(
                context, incarnationId, [.. extents.Tail.Take(options.PageExtents)]);
            if (extents.Version != version)
            {
                return false;
            }

            extents.Seal(page);
        }

        return true;
    }

    /// <summary>Takes what the tails hold now, and returns the work of writing it.</summary>
    /// <remarks>What is written is the state at the call, whatever comes while it is being written.</remarks>
    public Func<Task<PageSet>> Snapshot(ContextId context, Id128 incarnationId, DurableContext state)
    {
        var (inputs, extents) = (state.Inputs, state.Extents);
        var mark = state.Mark;
        if (state.Written is { } written && written.Mark == mark)
        {
            return () => Task.FromResult(written.Pages);
        }

        var (sealedInputs, sealedExtents) = (inputs.SealedPages.ToArray(), extents.SealedPages.ToArray());
        var runs = inputs.TailLength > 0 ? inputs.TailRuns() : [];
        var (tailStart, startHash) = (inputs.TailStart, inputs.StartHash);
        KvExtent[] tail = [.. extents.Tail];
        NamedState[] states = [.. state.States];
        return async () =>
        {
            // All on their way at once: an opening waits for them.
            Task<PageRef>? inputPage = runs.Count > 0 ? pages.WriteInputsAsync(context, incarnationId, tailStart, startHash, runs) : null;
            Task<PageRef>? extentPage = tail.Length > 0 ? pages.WriteExtentsAsync(context, incarnationId, tail) : null;
            Task<PageRef>? statePage = states.Length > 0 ? pages.WriteStatesAsync(context, incarnationId, states) : null;
            foreach (var page in new Task?[] { inputPage, extentPage, statePage })
            {
                await (page ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }

            var set = new PageSet(
                [.. sealedExtents, .. extentPage is null ? [] : new[] { await extentPage }],
                [.. sealedInputs, .. inputPage is null ? [] : new[] { await inputPage }],
                statePage is null ? null : await statePage);
            state.Written = (mark, set);
            return set;
        };
    }
}
