using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Hosting;
using Swarm.Storage.Log;
using Swarm.Storage.Manifests;
using Swarm.Storage.State;

namespace Swarm.Storage.Contexts;

/// <summary>Opens contexts (protocol, open): O(1) in their length, but for records that no root covers yet.</summary>
internal sealed class ContextOpener(
    ContextServices services,
    IWriterLiveness liveness,
    RecoveredLogs recovered,
    StateLoader loader,
    PageWriter pageWriter,
    Catalog catalog,
    Func<LogWriter> currentWriter,
    Func<Id128, LogWriter?> ownWriter)
{
    private const int Tries = 6;

    /// <summary>Opens a context here.</summary>
    /// <returns>The open context; <see langword="null"/> when there is none.</returns>
    /// <exception cref="SwarmRefusedException">Busy elsewhere, damaged, or the store cannot be reached.</exception>
    public async Task<ContextIncarnation?> OpenAsync(ContextId id)
    {
        ContextIncarnation? opened = null;
        await PageLoader.GuardAsync(async () => opened = await TryAsync(id));
        return opened;
    }

    private async Task<ContextIncarnation?> TryAsync(ContextId id)
    {
        var reason = "its root keeps changing: other silos open it, or the outcome of a write stays unknown";
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (await services.Roots.ReadAsync(id) is not { } found || found.Root.State != RootState.Ready)
            {
                return null;
            }

            services.Names.Note(id, found.Root.Name);
            var model = await catalog.GetModelAsync(found.Root.Model);
            var key = await catalog.GetTenantKeyAsync(id.Tenant, found.Root.Tenant);
            var writer = currentWriter();
            var root = await WithLossAsync(found.Root);
            var state = await LoadAsync(id, root, found.ETag);
            if (state is null)
            {
                continue;
            }

            if (writer.IsDead || writer != currentWriter())
            {
                reason = $"this silo's log ended meanwhile{(writer.Fault is { } fault ? $" ({fault.TrimEnd('.')})" : "")}";
                continue;
            }

            if (await TakeAsync(id, root, found.ETag, state, model, key, writer) is { } context)
            {
                return context;
            }

            await Task.Delay(Backoff.After(attempt), services.Time);
        }

        throw Refusals.Busy($"Context {id} could not be opened in {Tries} tries: {reason}. Try later.");
    }

    /// <summary>The state of a root and its tail; none when the root changed, so that what it names may have been collected.</summary>
    private async Task<DurableContext?> LoadAsync(ContextId id, ContextRoot root, string etag)
    {
        try
        {
            var state = await loader.LoadAsync(id, root);
            return (root.Tails.IsEmpty || await FoldTailAsync(id, root, state)) && await NoteLossesAsync(id, root, etag, state)
                ? state
                : null;
        }
        catch (CorruptObjectException)
        {
            if ((await services.Roots.ReadAsync(id))?.ETag == etag)
            {
                throw;
            }

            return null;
        }
    }

    /// <summary>The root without a loss that somebody has looked into since.</summary>
    private async Task<ContextRoot> WithLossAsync(ContextRoot root) =>
        root.Loss is { } loss && !await services.Damages.IsNotedAsync(new LogPosition(loss.Writer, loss.Sequence))
            ? root with { Loss = null }
            : root;

    /// <summary>
    /// Notes lost segments that the fold came by. The root was read again after they were missed, so no collection deleted them; and
    /// they are noted before the root moves on, so none deletes what lies behind.
    /// </summary>
    /// <returns>False: the root has changed, look again.</returns>
    private async Task<bool> NoteLossesAsync(ContextId id, ContextRoot root, string etag, DurableContext state)
    {
        if (state.Losses.Missing.Count == 0)
        {
            return true;
        }

        if ((await services.Roots.ReadAsync(id))?.ETag != etag)
        {
            return false;
        }

        if (services.Rules.NotesHoles)
        {
            foreach (var lost in state.Losses.Missing)
            {
                await services.Damages.NoteAsync(lost);
            }
        }

        if (state.Losses.Found is { } loss)
        {
            StorageLog.ContextLost(services.Logger, services.Names.Label(id), state.Inputs.Length, loss);
        }

        return true;
    }

    /// <summary>Replaces the root: from then on this incarnation is the one whose records count.</summary>
    private async Task<ContextIncarnation?> TakeAsync(
        ContextId id,
        ContextRoot before,
        string etag,
        DurableContext state,
        ModelDescriptor model,
        TenantKey key,
        LogWriter writer)
    {
        var incarnationId = services.Ids.Next();
        PrefixHasher NewHasher() => new(key, before.Model, before.BlockTokens);
        await pageWriter.SealFullPagesAsync(id, incarnationId, state, NewHasher);
        var pages = await pageWriter.Snapshot(id, incarnationId, state)();
        if (writer.IsDead || writer != currentWriter())
        {
            return null;
        }

        var root = ContextRoots.Next(
            before,
            state,
            NewHasher(),
            services.Ids.Next(),
            incarnationId,
            [new LogPosition(writer.Id, writer.Next)]).With(pages);
        var write = await services.Roots.ReplaceAsync(id, root, etag, default, before);
        if (write.Outcome != RootOutcome.Written || writer.IsDead || writer != currentWriter())
        {
            return null;
        }

        var context = new ContextIncarnation(services, id, model, key, writer, root, write.ETag, state);
        StorageLog.ContextOpened(
            services.Logger, services.Names.Label(id), root.Epoch.Value, context.TokenLength, context.KvLength);
        return context;
    }

    /// <summary>Folds what the log holds behind the root. False: look at the root again.</summary>
    private async Task<bool> FoldTailAsync(ContextId id, ContextRoot root, DurableContext state)
    {
        var (tailWriter, first) = root.Tails[0];
        if (ownWriter(tailWriter) is { } writer)
        {
            // A log that is being left too: an opening before may have named it, and it is not to be sealed under those still in it.
            await writer.BarrierAsync();
            if (writer.IsDead)
            {
                return false;
            }

            await FoldOwnAsync(id, root, state, writer.Acknowledged);
            return true;
        }

        switch (await liveness.AskToReleaseAsync(tailWriter, id, CancellationToken.None))
        {
            case ReleaseOutcome.Released:
                return false;
            case ReleaseOutcome.Busy:
                throw Refusals.Busy($"Context {id} is being closed by the silo of writer {tailWriter}. Try again.");
            default:
                foreach (var (lost, records) in await recovered.ReadAsync(tailWriter, first, id))
                {
                    if (lost is { } sequence)
                    {
                        state.Losses.Miss(new LogPosition(tailWriter, sequence), state.Inputs.Length);
                    }

                    await loader.FoldAsync(id, root.IncarnationId, state, records);
                }

                return true;
        }
    }

    private async Task FoldOwnAsync(ContextId id, ContextRoot root, DurableContext state, ulong end)
    {
        var (writer, next) = root.Tails[0];
        if (next >= end)
        {
            return;
        }

        void Miss(ulong lost)
        {
            if (lost < end)
            {
                state.Losses.Miss(new LogPosition(writer, lost), state.Inputs.Length);
                next = lost + 1;
            }
        }

        await foreach (var segment in services.Logs.ReadAsync(writer, next, Miss))
        {
            if (segment.Sequence < end)
            {
                await loader.FoldAsync(id, root.IncarnationId, state, segment.Records);
                next = segment.Sequence + 1;
            }

            if (next == end)
            {
                return;
            }
        }

        if (next < end)
        {
            throw new CorruptObjectException($"{BlobNames.Log(writer, next)} is missing.");
        }
    }
}
