using System.Runtime.CompilerServices;
using Swarm.Core.Contexts;
using Swarm.Format.Manifests;
using Swarm.Storage.Hosting;
using Swarm.Storage.Reading;

namespace Swarm.Storage.Contexts;

/// <summary>What followers of one open context are told (protocol, rules 33 and 34).</summary>
/// <param name="context">The incarnation.</param>
/// <param name="services">What the store's contexts share.</param>
/// <param name="loader">Brings pages back.</param>
/// <param name="reader">Reads the durable state.</param>
/// <param name="isCurrent">Asks storage whether the incarnation is still the current one.</param>
internal sealed class FollowRequests(
    ContextIncarnation context, ContextServices services, PageLoader loader, IncarnationReader reader, Func<Task<bool>> isCurrent)
{
    private const int MaxInputs = 65_536;

    /// <summary>See <see cref="IOpenContext.FollowAsync"/>.</summary>
    /// <param name="from">What the follower has.</param>
    /// <param name="waitForChange">See <see cref="IOpenContext.WaitForChangeAsync"/>.</param>
    /// <param name="cancellationToken">Stops following.</param>
    public async IAsyncEnumerable<Followed> FollowAsync(
        FollowPoint from,
        Func<Epoch, Watermarks, CancellationToken, ValueTask<ContextStatus>> waitForChange,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var at = new Watermarks(from.Position, from.KvPosition);
        var (epoch, kept) = await OnLoopAsync(() => StartAsync(from)).WaitAsync(cancellationToken);
        yield return Followed.Of(new FollowedEpoch(epoch, kept)); // In any case: it says that what the follower has was compared.
        if (kept != at)
        {
            yield break;
        }

        IAsyncEnumerator<KvRunData>? runs = null;
        try
        {
            while (true)
            {
                var status = context.Status;
                if (runs is null)
                {
                    status = await waitForChange(epoch, at, cancellationToken);
                }

                if (status.Epoch != epoch)
                {
                    var changed = await services.Loop.RunAsync(() => Task.FromResult(Change(epoch, at)));
                    yield return Followed.Of(changed);
                    if (changed.Kept != at)
                    {
                        yield break;
                    }

                    epoch = changed.Epoch;
                    await (runs?.DisposeAsync() ?? default);
                    runs = null; // What it goes on with may be taken back.
                }
                else if (status.Durable.Tokens > at.Tokens)
                {
                    foreach (var run in await OnLoopAsync(() => ReadInputsAsync(epoch, at.Tokens)).WaitAsync(cancellationToken))
                    {
                        yield return Followed.Of(run);
                        at = at with { Tokens = run.FirstPosition + run.Tokens.Length };
                    }
                }
                else if (runs is null)
                {
                    var plan = await OnLoopAsync(() => PlanAsync(epoch, at.Kv)).WaitAsync(cancellationToken);
                    var until = epoch;
                    runs = KvRunReader.ReadAsync(
                        services, context.Id, context.Damage, plan, first => PlanAnewAsync(until, first), KvReading.IntoMemory, cancellationToken)
                        .GetAsyncEnumerator(cancellationToken);
                }
                else if (await runs.MoveNextAsync())
                {
                    var run = runs.Current;
                    at = at with { Kv = Math.Max(at.Kv, run.FirstPosition + run.Count) };
                    yield return Followed.Of(run);
                }
                else
                {
                    await runs.DisposeAsync();
                    runs = null;
                }
            }
        }
        finally
        {
            if (runs is not null)
            {
                await runs.DisposeAsync();
            }
        }
    }

    /// <summary>What holds of what a follower has. Compared by its hash, whatever the epoch: a context that lost a segment has other inputs in the same one.</summary>
    private async Task<(Epoch Epoch, Watermarks Kept)> StartAsync(FollowPoint from)
    {
        while (true)
        {
            context.RequireOpen();
            var (epoch, had) = (context.Durable.Epoch, new Watermarks(from.Position, from.KvPosition));
            if (from.Epoch > epoch)
            {
                if (!await isCurrent())
                {
                    throw Refusals.Moved(context.Id); // This silo is behind: the context went on elsewhere.
                }

                if (epoch == context.Durable.Epoch)
                {
                    return (epoch, default); // The epoch was lost with a log segment, and perhaps what the follower has.
                }

                continue;
            }

            if (from.Position > 0 && context.MayHaveForgotten(from.Epoch))
            {
                return (epoch, default); // The hash says nothing of steps, and a rewind may have been lost.
            }

            if (context.KeptSince(from.Epoch, had) is { } kept && kept != had)
            {
                return (epoch, kept); // The follower cuts that, and comes again with the hash there.
            }

            var isSame = from.Position <= context.Durable.Inputs.Length
                && (!services.Rules.ComparesFollowers || (await loader.HasherAtAsync(context, from.Position)).Current() == from.Hash);
            if (epoch != context.Durable.Epoch)
            {
                continue; // What was hashed may be of either.
            }

            if (isSame)
            {
                return (epoch, had with { Kv = Math.Min(had.Kv, context.Durable.Extents.Length) });
            }

            return await isCurrent() ? (epoch, default) : throw Refusals.Moved(context.Id);
        }
    }

    private Task<T> OnLoopAsync<T>(Func<Task<T>> work) => services.Loop.RunAsync(() => Refusals.ConfirmAsync(context.Id, work, isCurrent));

    private FollowedEpoch Change(Epoch epoch, Watermarks at)
    {
        context.RequireOpen();
        return new FollowedEpoch(context.Durable.Epoch, context.KeptSince(epoch, at) ?? default);
    }

    /// <summary>Durable inputs from a position on; none where the epoch has changed.</summary>
    private async Task<IReadOnlyList<InputRun>> ReadInputsAsync(Epoch epoch, long position)
    {
        var runs = await reader.ReadInputsAsync(position, MaxInputs);
        return IsStill(epoch) ? runs : [];
    }

    /// <summary>Extents of durable KV from a position on; none where the epoch has changed.</summary>
    private async Task<IReadOnlyList<KvExtent>> PlanAsync(Epoch epoch, long position)
    {
        var plan = await reader.PlanAsync(position, long.MaxValue - position);
        return IsStill(epoch) ? plan : [];
    }

    // What is missing may have been merged and collected since; or all of it, if the context went on elsewhere.
    private async Task<IReadOnlyList<KvExtent>> PlanAnewAsync(Epoch epoch, long position) => await services.Loop.RunAsync(async () =>
        await isCurrent() && await reader.PlanAsync(position, long.MaxValue - position) is var plan && IsStill(epoch)
            ? plan
            : throw Refusals.Moved(context.Id));

    private bool IsStill(Epoch epoch)
    {
        context.RequireOpen();
        return context.Durable.Epoch == epoch || !services.Rules.FollowsOneEpoch;
    }
}
