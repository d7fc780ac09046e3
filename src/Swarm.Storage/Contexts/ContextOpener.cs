using Swarm.Core.Blocks;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Models;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Log;
using Swarm.Storage.Manifests;

namespace Swarm.Storage.Contexts;

/// <summary>Opens contexts (protocol, open): O(1) in their length, but for records that no root covers yet.</summary>
internal sealed class ContextOpener(
    ContextServices services,
    IWriterLiveness liveness,
    LogRecovery recovery,
    Checkpointer checkpointer,
    Catalog catalog,
    Func<LogWriter> currentWriter)
{
    private const int Tries = 6;

    /// <summary>Opens a context here.</summary>
    /// <returns>The open context; <see langword="null"/> when there is none.</returns>
    /// <exception cref="SwarmRefusedException">Busy elsewhere, damaged, or the store cannot be reached.</exception>
    public async Task<HostedContext?> OpenAsync(ContextId id)
    {
        HostedContext? opened = null;
        await PageLoader.GuardAsync(async () => opened = await TryAsync(id));
        return opened;
    }

    private async Task<HostedContext?> TryAsync(ContextId id)
    {
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (await services.Roots.ReadAsync(id) is not { } found || found.Root.State != RootState.Ready)
            {
                return null;
            }

            var model = await catalog.GetModelAsync(found.Root.Model);
            var key = await catalog.GetTenantKeyAsync(id.Tenant, found.Root.Tenant);
            var writer = currentWriter();
            var state = await LoadAsync(id, found.Root, key);
            if (!found.Root.Tails.IsEmpty && !await FoldTailAsync(id, found.Root, state, writer))
            {
                continue;
            }

            if (writer.IsDead || writer != currentWriter())
            {
                continue;
            }

            if (await TakeAsync(id, found.Root, found.ETag, state, model, key, writer) is { } context)
            {
                return context;
            }

            await Task.Delay(Backoff.After(attempt), services.Time);
        }

        throw Refusals.Busy($"Context {id} keeps changing hands; {Tries} tries to open it were in vain. Try later.");
    }

    /// <summary>Replaces the root: from then on this open is the one whose records count.</summary>
    private async Task<HostedContext?> TakeAsync(
        ContextId id,
        ContextRoot before,
        string etag,
        DurableState state,
        ModelDescriptor model,
        TenantKey key,
        LogWriter writer)
    {
        var openId = services.Ids.Next();
        PrefixHasher NewHasher() => new(key, before.Model, before.BlockTokens);
        await checkpointer.SealFullPagesAsync(id, openId, state, NewHasher);
        var pages = await checkpointer.Snapshot(id, openId, state)();
        if (writer.IsDead || writer != currentWriter())
        {
            return null;
        }

        var root = ContextRoots.Next(
            before,
            state,
            NewHasher(),
            services.Ids.Next(),
            openId,
            [new LogPosition(writer.Id, writer.Next)]).With(pages);
        var write = await services.Roots.ReplaceAsync(id, root, etag, default);
        if (write.Outcome != RootOutcome.Written || writer.IsDead || writer != currentWriter())
        {
            return null;
        }

        var context = new HostedContext(services, id, model, key, writer, root, write.ETag, state);
        StorageLog.ContextOpened(
            services.Logger, id, root.Name, root.Epoch.Value, context.TokenLength, context.KvLength);
        return context;
    }

    private async Task<DurableState> LoadAsync(ContextId id, ContextRoot root, TenantKey key)
    {
        var rootHash = new PrefixHasher(key, root.Model, root.BlockTokens).Parent;
        var inputs = new InputTable(root.BlockTokens, root.InputPages.SkipLast(1), rootHash);
        var extents = new ExtentTable(root.ExtentPages.SkipLast(1));
        var inputPage = root.InputPages.IsEmpty ? null : services.Pages.ReadInputsAsync(id, root.InputPages[^1]);
        var extentPage = root.ExtentPages.IsEmpty ? null : services.Pages.ReadExtentsAsync(id, root.ExtentPages[^1]);
        var statePage = root.StatePage is null ? null : services.Pages.ReadStatesAsync(id, root.StatePage);
        if (inputPage is not null)
        {
            var (startHash, runs) = await inputPage;
            inputs.LoadTail(root.InputPages[^1], startHash, runs);
        }

        if (extentPage is not null)
        {
            extents.LoadTail(root.ExtentPages[^1], await extentPage);
        }

        var state = new DurableState(root, inputs, extents);
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

    /// <summary>Folds what the log holds behind the root. False: look at the root again.</summary>
    private async Task<bool> FoldTailAsync(ContextId id, ContextRoot root, DurableState state, LogWriter writer)
    {
        var (tailWriter, first) = root.Tails[0];
        if (tailWriter == writer.Id)
        {
            await writer.BarrierAsync();
            if (writer.IsDead)
            {
                return false;
            }

            var end = writer.Acknowledged;
            for (var sequence = first; sequence < end; sequence++)
            {
                var segment = await services.Segments.ReadAsync(tailWriter, sequence)
                    ?? throw new CorruptObjectException($"{BlobNames.Log(tailWriter, sequence)} is missing.");
                await FoldAsync(id, root.OpenId, state, segment);
            }

            return true;
        }

        switch (await liveness.AskToReleaseAsync(tailWriter, id, CancellationToken.None))
        {
            case ReleaseOutcome.Released:
                return false;
            case ReleaseOutcome.Busy:
                throw Refusals.Busy($"Context {id} is being closed by the silo of writer {tailWriter}. Try again.");
            default:
                await recovery.RecoverAsync(
                    tailWriter, first, segment => FoldAsync(id, root.OpenId, state, segment));
                return true;
        }
    }

    private async Task FoldAsync(ContextId id, Id128 openId, DurableState state, Segment segment)
    {
        foreach (var record in segment.Records)
        {
            if (record.Context == id && state.Fits(record, openId))
            {
                if (record is TruncateRecord truncate)
                {
                    await PageLoader.LoadForRewindAsync(services, id, state, truncate.Length);
                }

                state.Apply(record);
            }
        }
    }
}
