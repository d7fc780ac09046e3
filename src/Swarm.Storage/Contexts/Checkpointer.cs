using System.Collections.Immutable;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Hosting;
using Swarm.Storage.Log;
using Swarm.Storage.Manifests;

namespace Swarm.Storage.Contexts;

/// <summary>Checkpoints and closes open contexts (protocol, rules 11 to 13). Runs on the store's loop.</summary>
internal sealed class Checkpointer(ContextServices services, PageWriter pageWriter)
{
    private const int Tries = 3;

    /// <summary>Brings the root up to what is durable.</summary>
    /// <returns>False: the root is somebody else's; the context is to be ended.</returns>
    /// <remarks>When the outcome is unknown, it is tried again later: whatever is written then is of the same incarnation.</remarks>
    public async Task<bool> CheckpointAsync(ContextIncarnation context)
    {
        await context.RootGate.WaitAsync();
        try
        {
            if (context.IsEnding || context.Writer.IsDead)
            {
                return true;
            }

            var incarnationId = context.Root.IncarnationId;
            if (!await pageWriter.SealFullPagesAsync(context.Id, incarnationId, context.Durable, context.NewHasher))
            {
                return true;
            }

            for (var attempt = 0; attempt < Tries; attempt++)
            {
                // The durable state always stands at a segment's end: acknowledgements apply whole segments.
                var segment = Math.Max(context.TailStart, context.Writer.Acknowledged);
                var outcome = await WriteAsync(context, incarnationId, [new LogPosition(context.Writer.Id, segment)]);
                if (outcome == RootOutcome.Written)
                {
                    StorageLog.Checkpointed(services.Logger, services.Names.Label(context.Id), segment);
                    return true;
                }

                if (outcome != RootOutcome.Again)
                {
                    return outcome == RootOutcome.Unknown;
                }
            }

            return true;
        }
        finally
        {
            context.RootGate.Release();
        }
    }

    /// <summary>Drains and closes. Afterwards the context is not open here, whatever the store answered.</summary>
    /// <param name="context">The open context.</param>
    /// <param name="state">What becomes of the root: ready, or erased.</param>
    public async Task CloseAsync(ContextIncarnation context, RootState state = RootState.Ready)
    {
        await context.Gate.WaitAsync();
        var isFirst = !context.IsEnding;
        context.IsEnding = true;
        context.Gate.Release();
        if (!isFirst)
        {
            return;
        }

        var outcome = RootOutcome.Lost;
        await context.RootGate.WaitAsync();
        try
        {
            if (services.Rules.DrainsAtClose)
            {
                await context.DrainAsync();
            }

            await pageWriter.SealFullPagesAsync(context.Id, context.Root.IncarnationId, context.Durable, context.NewHasher);
            for (var attempt = 0; attempt < Tries; attempt++)
            {
                outcome = await WriteAsync(context, default, [], state);
                if (outcome != RootOutcome.Again)
                {
                    break;
                }
            }
        }
        catch (Exception error) when (error is SwarmRefusedException or BlobStoreException or CorruptObjectException)
        {
            // The root keeps its tail: whoever opens the context next recovers it from the log.
            StorageLog.CheckpointFailed(services.Logger, services.Names.Label(context.Id), error);
        }
        finally
        {
            context.RootGate.Release();
            context.IsEnding = services.Rules.CloseIsFinal || outcome != RootOutcome.Unknown;
            if (context.IsEnding)
            {
                context.End();
            }
        }
    }

    /// <summary>Asks storage whether this incarnation is still the one that counts.</summary>
    /// <remarks>
    /// A silo that was taken for dead does not know it yet; it must not send an agent away for good. One that was closed here
    /// never is, though the root may name no incarnation either: somebody else may have had it since.
    /// </remarks>
    public async Task<bool> IsCurrentAsync(ContextIncarnation context)
    {
        if (context.Root.IncarnationId.IsDefault)
        {
            return false;
        }

        var isCurrent = false;
        await PageLoader.GuardAsync(async () =>
            isCurrent = await services.Roots.ReadAsync(context.Id) is { } found
                && found.Root.IncarnationId == context.Root.IncarnationId);
        return isCurrent;
    }

    /// <summary>Lets a context go on in another log, as a new incarnation (protocol, rule 6). Appends wait meanwhile.</summary>
    /// <returns>False: the root is somebody else's, or not known; the context must be ended.</returns>
    public async Task<bool> MoveAsync(ContextIncarnation context, LogWriter writer)
    {
        await context.Kv.Gate.WaitAsync();
        await context.Kv.WaitUntilIdleAsync(); // A chunk under way belongs to the incarnation that is.
        await context.Gate.WaitAsync();
        await context.RootGate.WaitAsync();
        try
        {
            if (context.IsEnding || context.Writer.IsDead)
            {
                return true;
            }

            await context.DrainAsync();
            await pageWriter.SealFullPagesAsync(context.Id, context.Root.IncarnationId, context.Durable, context.NewHasher);
            var incarnationId = services.Ids.Next();
            var tail = new LogPosition(writer.Id, writer.Next);
            for (var attempt = 0; attempt < Tries && !writer.IsDead; attempt++)
            {
                var outcome = await WriteAsync(context, incarnationId, [tail]);
                if (outcome == RootOutcome.Written)
                {
                    context.MovedTo(writer, context.Root, context.ETag);
                    return !writer.IsDead;
                }

                if (outcome != RootOutcome.Again)
                {
                    break;
                }
            }

            context.IsEnding = true; // Before anybody who waits can append to an incarnation that is perhaps no more.
            return false;
        }
        finally
        {
            context.RootGate.Release();
            context.Gate.Release();
            context.Kv.Gate.Release();
        }
    }

    private async Task<RootOutcome> WriteAsync(
        ContextIncarnation context, Id128 incarnationId, ImmutableArray<LogPosition> tails, RootState state = RootState.Ready)
    {
        var writePages = pageWriter.Snapshot(context.Id, context.Root.IncarnationId, context.Durable);
        var root = ContextRoots.Next(
            context.Root, context.Durable, context.NewHasher(), services.Ids.Next(), incarnationId, tails);
        root = state == RootState.Erased ? Erased(root) : root.With(await writePages());
        string[] chunks = state == RootState.Erased ? [] : [.. context.UnprovenChunks];
        var write = await services.Roots.ReplaceAsync(context.Id, root, context.ETag, context.Root.IncarnationId, context.Root, chunks);
        if (write.Outcome == RootOutcome.Written)
        {
            context.UnprovenChunks = context.UnprovenChunks.Except(chunks);
            context.Installed(root, write.ETag);
        }
        else if (write.Outcome == RootOutcome.Again)
        {
            context.Superseded(write.ETag);
        }

        return write.Outcome;
    }

    /// <summary>A root without anything that it held; the name stays until a collection takes it away.</summary>
    private static ContextRoot Erased(ContextRoot root) => root with
    {
        State = RootState.Erased,
        Holder = "",
        ReservedFor = "",
        TokenLength = 0,
        KvLengths = [.. root.KvLengths.Select(_ => 0L)],
        ExtentPages = [],
        InputPages = [],
        StatePage = null,
    };
}
