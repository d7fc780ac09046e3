using System.Collections.Immutable;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Manifests;

namespace Swarm.Storage.Contexts;

/// <summary>Checkpoints and closes open contexts (protocol, rules 11 to 13). Runs on the store's loop.</summary>
internal sealed class RootKeeper(ContextServices services, Checkpointer checkpointer)
{
    private const int Tries = 3;

    /// <summary>Brings the root up to what is durable.</summary>
    /// <returns>False: the root is somebody else's, or not known; the context has been ended.</returns>
    public async Task<bool> CheckpointAsync(HostedContext context)
    {
        await context.RootGate.WaitAsync();
        try
        {
            if (context.IsEnding || context.Writer.IsDead)
            {
                return true;
            }

            var openId = context.Root.OpenId;
            if (!await checkpointer.SealFullPagesAsync(context.Id, openId, context.Durable, context.NewHasher))
            {
                return true;
            }

            for (var attempt = 0; attempt < Tries; attempt++)
            {
                // The durable state always stands at a segment's end: acknowledgements apply whole segments.
                var segment = Math.Max(context.TailStart, context.Writer.Acknowledged);
                var outcome = await WriteAsync(context, openId, [new LogPosition(context.Writer.Id, segment)]);
                if (outcome == RootOutcome.Written)
                {
                    StorageLog.Checkpointed(services.Logger, context.Id, segment);
                    return true;
                }

                if (outcome != RootOutcome.Again)
                {
                    break;
                }
            }

            return false;
        }
        finally
        {
            context.RootGate.Release();
        }
    }

    /// <summary>Drains and closes. Afterwards the context is not open here, whatever the store answered.</summary>
    public async Task CloseAsync(HostedContext context)
    {
        await context.Gate.WaitAsync();
        var isFirst = !context.IsEnding;
        context.IsEnding = true;
        context.Gate.Release();
        if (!isFirst)
        {
            return;
        }

        await context.RootGate.WaitAsync();
        try
        {
            await context.DrainAsync();
            for (var attempt = 0; attempt < Tries; attempt++)
            {
                if (await WriteAsync(context, default, []) != RootOutcome.Again)
                {
                    break;
                }
            }
        }
        catch (Exception error) when (error is SwarmRefusedException or BlobStoreException or CorruptObjectException)
        {
            // The root keeps its tail: whoever opens the context next recovers it from the log.
            StorageLog.CheckpointFailed(services.Logger, context.Id, error);
        }
        finally
        {
            context.RootGate.Release();
            context.End();
        }
    }

    /// <summary>Asks storage whether this open is still the one that counts.</summary>
    /// <remarks>A silo that was taken for dead does not know it yet; it must not send an agent away for good.</remarks>
    public async Task<bool> IsCurrentAsync(HostedContext context)
    {
        var isCurrent = false;
        await PageLoader.GuardAsync(async () =>
            isCurrent = await services.Roots.ReadAsync(context.Id) is { } found
                && found.Root.OpenId == context.Root.OpenId);
        return isCurrent;
    }

    private async Task<RootOutcome> WriteAsync(
        HostedContext context, Id128 openId, ImmutableArray<LogPosition> tails)
    {
        var writePages = checkpointer.Snapshot(context.Id, context.Root.OpenId, context.Durable);
        var root = ContextRoots.Next(
            context.Root, context.Durable, context.NewHasher(), services.Ids.Next(), openId, tails);
        root = root.With(await writePages());
        var write = await services.Roots.ReplaceAsync(context.Id, root, context.ETag, context.Root.OpenId);
        if (write.Outcome == RootOutcome.Written)
        {
            context.Installed(root, write.ETag);
        }
        else if (write.Outcome == RootOutcome.Again)
        {
            context.Superseded(write.ETag);
        }

        return write.Outcome;
    }
}
