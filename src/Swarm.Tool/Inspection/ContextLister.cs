using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Tool.Stores;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Inspection;

/// <summary>Folds the logs of a store into the roots of all contexts: each log is read once, whatever the number of its contexts.</summary>
/// <remarks>Of each context a few numbers are held; of the logs, a segment's index at a time.</remarks>
/// <param name="reader">The store.</param>
internal sealed class ContextLister(StoreReader reader)
{
    private const int Tries = 6;

    /// <summary>Reads all contexts.</summary>
    /// <returns>In the order of their roots' names. Contexts whose root changed meanwhile were read again.</returns>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task<IReadOnlyList<ContextSummary>> ReadAsync(CancellationToken cancellationToken)
    {
        var all = new List<ContextSummary>();
        await foreach (var item in reader.Blobs.ListAsync(BlobNames.RootsPrefix, cancellationToken))
        {
            if (Inventory.ParseRoot(item.Name) is { } id)
            {
                all.Add(new ContextSummary(id, item.Name));
            }
        }

        var open = all;
        for (var attempt = 0; attempt < Tries && open.Count > 0; attempt++)
        {
            foreach (var context in open)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await LoadAsync(context);
            }

            open = open.FindAll(context => context.NextTail is not null);
            await FoldAsync(open, cancellationToken);
            open = await FindChangedAsync(open, cancellationToken);
        }

        return all.FindAll(context => context.ETag is not null || context.Problem is not null);
    }

    private async Task LoadAsync(ContextSummary context)
    {
        try
        {
            if (await reader.Roots.ReadAsync(context.Id) is { } found)
            {
                var noted = found.Root.Loss is { } loss && await reader.IsNotedAsync(loss) ? loss : null;
                context.Load(found.Root, found.ETag, noted);
            }
            else
            {
                context.Unload(null);
            }
        }
        catch (CorruptObjectException error)
        {
            context.Unload(error.Message);
        }
    }

    private async Task FoldAsync(List<ContextSummary> contexts, CancellationToken cancellationToken)
    {
        while (contexts.Where(context => context.NextTail is not null).ToLookup(context => context.NextTail!.Value.Writer) is { Count: > 0 } ready)
        {
            // A log that is also a later tail of some context waits for that one, so that it is not read twice.
            var later = contexts.SelectMany(context => context.Tails.Skip(context.Folded + 1)).Select(tail => tail.Writer).ToHashSet();
            var next = ready.FirstOrDefault(log => !later.Contains(log.Key)) ?? ready.First();
            await FoldLogAsync(next.Key, [.. next.OrderBy(context => context.NextTail!.Value.Sequence)], cancellationToken);
        }
    }

    /// <summary>Folds one log into contexts, which are in the order of where their tails begin.</summary>
    private async Task FoldLogAsync(Id128 writer, IReadOnlyList<ContextSummary> contexts, CancellationToken cancellationToken)
    {
        var reading = new Dictionary<ContextId, ContextSummary>();
        for (var begun = 0; begun < contexts.Count;)
        {
            // What comes before the first missing segment is no part of tails that begin behind it: they are gone on with.
            var sequence = contexts[begun].NextTail!.Value.Sequence;
            reading.Clear();
            Begin();
            string? problem = null;
            try
            {
                await foreach (var segment in reader.Logs.ReadAsync(writer, sequence, Miss).WithCancellation(cancellationToken))
                {
                    Fold(segment);
                    GoOnBehind(segment.Sequence);
                }
            }
            catch (CorruptObjectException error)
            {
                problem = error.Message;
            }

            foreach (var context in reading.Values)
            {
                context.Folded++;
                context.Problem ??= problem;
            }

            void Miss(ulong lost)
            {
                foreach (var context in reading.Values)
                {
                    context.Miss(new LogPosition(writer, lost));
                }

                GoOnBehind(lost);
            }

            void GoOnBehind(ulong read)
            {
                sequence = read + 1;
                Begin();
            }

            void Begin()
            {
                for (; begun < contexts.Count && contexts[begun].NextTail!.Value.Sequence <= sequence; begun++)
                {
                    reading[contexts[begun].Id] = contexts[begun];
                }
            }
        }

        void Fold(Segment segment)
        {
            foreach (var record in segment.Records)
            {
                reading.GetValueOrDefault(record.Context)?.Fold(record);
            }
        }
    }

    private async Task<List<ContextSummary>> FindChangedAsync(List<ContextSummary> contexts, CancellationToken cancellationToken)
    {
        var changed = new List<ContextSummary>();
        foreach (var context in contexts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await reader.ETagAsync(context.RootName) != context.ETag)
            {
                changed.Add(context);
            }
        }

        return changed;
    }
}
