using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Segments;
using Swarm.Storage.Hosting;

namespace Swarm.Storage.Contexts;

/// <summary>Epoch changes of one open context (protocol, rules 8 and 9). Runs on the store's loop.</summary>
/// <param name="context">The incarnation.</param>
/// <param name="loader">Brings pages back.</param>
/// <param name="rules">Rules of the protocol.</param>
/// <param name="isCurrent">Asks storage whether the incarnation is still the current one.</param>
internal sealed class OwnershipRequests(
    ContextIncarnation context, PageLoader loader, ProtocolRules rules, Func<Task<bool>> isCurrent)
{
    /// <summary>See <see cref="IOpenContext.AcquireAsync"/>.</summary>
    public async Task<Acquired> AcquireAsync(AcquireRequest request)
    {
        Names.RequireAgent(request.Agent);
        await context.Gate.WaitAsync();
        try
        {
            context.RequireOpen();
            var durable = context.Durable.Ownership;
            if (durable.Holder.Length > 0 && request.SecretHash == durable.SecretHash)
            {
                return durable.Holder == request.Agent
                    ? await GrantAgainAsync()
                    : throw Refusals.Invalid($"The secret belongs to a session of agent '{durable.Holder}'.");
            }

            if (request.ExpectedEpoch != durable.Epoch && rules.ExpectsEpoch)
            {
                throw Refusals.EpochChanged(request.ExpectedEpoch, durable.Epoch, durable.Holder);
            }

            await context.QueueEpochChange(new EpochRecord(
                context.Id, context.Root.IncarnationId, durable.Epoch.Next, request.Agent, request.SecretHash, ""));
            if (durable.Holder.Length > 0)
            {
                context.Services.Metrics.Fences.Add(1, StorageMetrics.Tag(StorageMetrics.FenceKey, "session"));
            }

            return Grant();
        }
        finally
        {
            context.Gate.Release();
        }
    }

    /// <summary>See <see cref="IOpenContext.ReleaseAsync"/>.</summary>
    public async Task<Epoch> ReleaseAsync(SessionProof proof, string reservedFor)
    {
        if (reservedFor.Length > 0)
        {
            Names.RequireAgent(reservedFor);
        }

        await context.Gate.WaitAsync();
        try
        {
            context.RequireOpen();
            var durable = context.Durable.Ownership;
            var isRepeated = durable.Holder.Length == 0
                && durable.Epoch == proof.Epoch.Next
                && durable.SecretHash == proof.SecretHash;
            if (!isRepeated)
            {
                context.RequireHolder(proof);
                await context.QueueEpochChange(new EpochRecord(
                    context.Id, context.Root.IncarnationId, durable.Epoch.Next, "", proof.SecretHash, reservedFor));
            }

            return context.Durable.Epoch;
        }
        finally
        {
            context.Gate.Release();
        }
    }

    /// <summary>See <see cref="IOpenContext.RewindAsync"/>.</summary>
    public async Task<Acquired> RewindAsync(SessionProof proof, long length, Digest256 newSecretHash)
    {
        await context.Gate.WaitAsync();
        try
        {
            context.RequireOpen();
            var durable = context.Durable.Ownership;
            if (durable.Epoch == proof.Epoch.Next && durable.Holder.Length > 0 && durable.SecretHash == newSecretHash)
            {
                return await GrantAgainAsync();
            }

            context.RequireHolder(proof);
            if (newSecretHash.IsDefault || newSecretHash == proof.SecretHash)
            {
                throw Refusals.Invalid("A rewind needs the hash of a fresh secret.");
            }

            if (length < 0 || length > context.TokenLength)
            {
                throw Refusals.Invalid(
                    $"Cannot rewind to position {length}: the context holds {context.TokenLength} positions.");
            }

            await context.DrainAsync();
            await RewindAsync(length, newSecretHash);
            return Grant();
        }
        finally
        {
            context.Gate.Release();
        }
    }

    private async Task RewindAsync(long length, Digest256 newSecretHash)
    {
        // Until the rewind is done no page is sealed and no merged run installed: what it cuts stays as it was looked at.
        await context.RootGate.WaitAsync();
        try
        {
            await loader.LoadForRewindAsync(context, length);
            context.RequireOpen();
            var before = context.Durable.Ownership;
            await context.QueueEpochChange(new TruncateRecord(
                context.Id,
                context.Root.IncarnationId,
                rules.RewindRaisesEpoch ? before.Epoch.Next : before.Epoch,
                length,
                context.Durable.Extents.FloorToExtent(length),
                rules.RewindRaisesEpoch ? newSecretHash : before.SecretHash));
        }
        finally
        {
            context.RootGate.Release();
        }
    }

    /// <summary>
    /// Answers a repeat, which writes nothing that could fail. An incarnation that was replaced and does not know it would name a session
    /// that is over, though the same request may have been granted anew elsewhere.
    /// </summary>
    private async Task<Acquired> GrantAgainAsync() => await isCurrent() ? Grant() : throw Refusals.Moved(context.Id);

    private Acquired Grant() => new(context.Durable.Epoch, context.Durable.Watermarks);
}
