using Microsoft.Extensions.Logging;
using Swarm.Client.Rehydration;
using Swarm.Client.Streaming;
using Swarm.Core.Contexts;
using Swarm.DataPlane.Client;

namespace Swarm.Client.Following;

/// <summary>Follows a context on one attachment, from what is here, until something of it is taken back.</summary>
/// <param name="context">Context name.</param>
/// <param name="history">The context's inputs; receives more.</param>
/// <param name="driver">The runtime; receives KV.</param>
/// <param name="progress">Told of all that comes.</param>
/// <param name="logitsWanted">Whether logits are computed when all is here.</param>
/// <param name="requireRoom">Throws where the runtime has no room for so many positions.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class FollowPass(
    string context,
    InputHistory history,
    RuntimeDriver driver,
    FollowProgress progress,
    LogitsWanted logitsWanted,
    Action<long> requireRoom,
    TimeProvider time,
    ILogger logger)
{
    private static readonly Task<bool> _none = Task.FromResult(false);

    private KvLoad? _load;
    private int _length; // Of the runtime, at the end.
    private int? _replacedFrom; // Where the holder's KV of the last step begins that was replaced by other bits, with its logits.

    /// <summary>What holds of what is here. Inputs and KV behind it are to be forgotten when the pass has ended.</summary>
    public Watermarks Kept { get; private set; } = new(history.Length, driver.Runtime.Length);

    /// <summary>Positions at the end whose KV was computed ahead, and has not come.</summary>
    public int ComputedAhead { get; private set; }

    /// <summary>Where KV begins that may differ from the holder's, since it was computed here or is not durable any more; <see langword="null"/>: all of it is the holder's.</summary>
    public int? AheadFrom { get; private set; }

    private bool IsComputed => (driver.HasLogits || driver.IsLastStepLong) && driver.Runtime.Length == history.Length;

    // The holder's KV of more steps comes sooner than they would be computed.
    private bool IsOneStepBehind => !IsComputed && driver.Runtime.Length >= history.LastStepStart;

    /// <summary>Takes over what a pass before this one has computed ahead, as far as it is still here.</summary>
    /// <returns>This.</returns>
    public FollowPass After(FollowPass? before)
    {
        if (before?.AheadFrom is { } ahead && ahead < driver.Runtime.Length)
        {
            (AheadFrom, _replacedFrom) = (ahead, before._replacedFrom);
            ComputedAhead = Math.Clamp(before.ComputedAhead - (before._length - driver.Runtime.Length), 0, driver.Runtime.Length - ahead);
        }

        return this;
    }

    /// <summary>
    /// Compares what was computed ahead with KV that is durable, and had not come when the pass ended: as where it became durable together with an epoch, which is
    /// told first. The holder's bits count, but for a step that was computed once more for its logits.
    /// </summary>
    /// <param name="attachment">Where KV is read.</param>
    /// <param name="durableKv">Positions whose KV is durable.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Whether it is the same, or there is nothing to compare; otherwise it is to be forgotten from <see cref="AheadFrom"/> on.</returns>
    public async Task<bool> ConfirmAsync(DataPlaneAttachment attachment, long durableKv, CancellationToken cancellationToken)
    {
        var end = (int)Math.Min(durableKv, Math.Min(driver.Runtime.Length, _replacedFrom ?? int.MaxValue));
        if (AheadFrom is not { } ahead || ahead >= end)
        {
            return true;
        }

        await foreach (var run in attachment.ReadKvAsync(ahead, end - ahead, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            using (run)
            {
                var first = Math.Max(AheadFrom.Value, (int)run.FirstPosition);
                var count = (int)Math.Min(run.FirstPosition + run.Count, end) - first;
                if (first != AheadFrom || run.IsDamaged || (count > 0 && !driver.HasSame(run, first, count)))
                {
                    return false;
                }

                AheadFrom += Math.Max(0, count);
            }
        }

        if (AheadFrom < end)
        {
            return false;
        }

        AheadFrom = end < driver.Runtime.Length ? end : null;
        ComputedAhead = Math.Clamp(driver.Runtime.Length - end, 0, ComputedAhead);
        return true;
    }

    /// <summary>The slowest tier that KV came from.</summary>
    public KvTier Tier => _load?.Tier ?? KvTier.None;

    /// <summary>Runs of KV that were damaged or missing in the store, as they were stored.</summary>
    public IReadOnlyList<(int First, int Count)> Damaged => _load?.Damaged ?? [];

    /// <summary>Follows. Once.</summary>
    /// <param name="attachment">The reader.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(DataPlaneAttachment attachment, CancellationToken cancellationToken)
    {
        var load = _load = new KvLoad(
            context, history, driver, (first, count) => attachment.ReadKvAsync(first, count, isRecheck: true), time, logger);
        var from = new FollowPoint(progress.Status.Epoch, history.Length, history.HashAt(history.Length), AheadFrom ?? driver.Runtime.Length);
        var (recomputed, discarded) = (progress.Status.Recomputed, progress.Status.Discarded);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var stream = attachment.FollowAsync(from, load.Target, reading.Token).GetAsyncEnumerator(reading.Token);
        var next = _none;
        try
        {
            load.Target?.Open(0);
            next = stream.MoveNextAsync().AsTask();
            while (await NextAsync(next, cancellationToken).ConfigureAwait(false))
            {
                next = _none;
                var told = stream.Current;
                if (told.Epoch is { } epoch && !Take(epoch))
                {
                    return; // The silo has ended too.
                }

                if (told.Inputs is { } run && !Take(run))
                {
                    return;
                }

                if (told.Kv is { } kv)
                {
                    if (!await TakeAsync(kv, cancellationToken).ConfigureAwait(false))
                    {
                        return;
                    }

                    progress.Change(status => status with
                    {
                        Held = status.Held with { Kv = AheadFrom ?? driver.Runtime.Length },
                        Recomputed = recomputed + load.RecomputedDamaged,
                        Discarded = discarded + load.Discarded,
                    });
                }

                next = stream.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await reading.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next.IsCompletedSuccessfully && await next.ConfigureAwait(false))
            {
                stream.Current.Kv?.Dispose();
            }

            await stream.DisposeAsync().ConfigureAwait(false);
            _length = driver.Runtime.Length;

            // What is on its way into the runtime is dropped where nobody waits for it any more; otherwise it comes in whole.
            if (load.Target is { } target)
            {
                await target.CloseAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for what is told next, and computes meanwhile what is wanted.</summary>
    /// <returns>Whether there is something; otherwise the pass is over.</returns>
    private async ValueTask<bool> NextAsync(Task<bool> next, CancellationToken cancellationToken)
    {
        while (true)
        {
            var asked = logitsWanted.Asked; // Before it looks, so that no request slips between.
            if (progress.Lag.Time == TimeSpan.Zero)
            {
                if ((logitsWanted.IsOpen || (logitsWanted.IsLasting && IsOneStepBehind)) && !await TryComputeAheadAsync(cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }

                if (logitsWanted.IsLasting && IsComputed && !next.IsCompleted)
                {
                    logitsWanted.NoteComputed();
                }
            }

            if (!next.IsCompleted)
            {
                await Task.WhenAny(next, asked).ConfigureAwait(false);
            }

            if (next.IsCompleted)
            {
                return await next.ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes an epoch.</summary>
    /// <returns>Whether all that is here is of it.</returns>
    private bool Take(FollowedEpoch told)
    {
        // KV that is not durable any more, as of a run that a rewind has cut, was computed from the same inputs: it stays until it comes again, and is compared then.
        var kv = Math.Min(driver.Runtime.Length, history.FloorToStep((int)Math.Min(told.Kept.Tokens, history.Length)));
        if (told.Kept.Kv < Math.Min(kv, AheadFrom ?? kv))
        {
            AheadFrom = history.FloorToStep((int)told.Kept.Kv);
            progress.Change(status => status with { Held = status.Held with { Kv = AheadFrom.Value } });
        }

        Kept = told.Kept with { Kv = kv };
        var isWhole = Kept.Tokens >= history.Length && kv >= driver.Runtime.Length;
        progress.NoteEpoch(told.Epoch, isWhole);
        return isWhole;
    }

    /// <summary>Takes inputs.</summary>
    /// <returns>Whether it did; otherwise what was computed ahead is to be forgotten before.</returns>
    private bool Take(InputRun run)
    {
        requireRoom(run.FirstPosition + run.Tokens.Length);
        if (run.FirstPosition != history.Length)
        {
            throw new SwarmTransportException(
                $"Inputs of '{context}' go on at {run.FirstPosition} instead of {history.Length}.", isTransient: true);
        }

        if (AheadFrom is { } ahead && _replacedFrom is not null)
        {
            Kept = new Watermarks(history.Length, ahead); // The holder is still there, and it is its KV that counts, which does not come again by itself.
            return false;
        }

        history.AppendRun(run);
        Kept = Kept with { Tokens = history.Length };
        progress.Change(status => status with { Held = status.Held with { Tokens = history.Length } });
        return true;
    }

    /// <summary>Takes KV. What was computed ahead of it stays where it is the same.</summary>
    /// <returns>Whether it did; otherwise what was computed ahead is to be forgotten before, and the KV comes again.</returns>
    private async ValueTask<bool> TakeAsync(KvRunData run, CancellationToken cancellationToken)
    {
        var end = (int)run.FirstPosition + run.Count;
        if (AheadFrom is { } ahead && ahead < end)
        {
            var first = Math.Max(ahead, (int)run.FirstPosition);
            var count = Math.Min(end, driver.Runtime.Length) - first;
            if (count > 0 && !run.IsDamaged && !driver.HasSame(run, first, count))
            {
                run.Dispose();
                logitsWanted.Withdraw(); // They would be computed in vain, again and again.
                Kept = new Watermarks(history.Length, ahead);
                return false;
            }

            AheadFrom = end < driver.Runtime.Length ? end : null;
        }

        if (end <= driver.Runtime.Length && !run.IsDamaged)
        {
            run.Dispose(); // It is here.
            _load!.Target?.Open(end);
        }
        else
        {
            await _load!.TakeFollowedAsync(run, cancellationToken).ConfigureAwait(false);
        }

        ComputedAhead = Math.Clamp(driver.Runtime.Length - end, 0, ComputedAhead);
        Kept = Kept with { Kv = driver.Runtime.Length };
        return true;
    }

    /// <summary>Computes the logits, if that is possible now.</summary>
    /// <returns>Whether the runtime has all that it had.</returns>
    private async Task<bool> TryComputeAheadAsync(CancellationToken cancellationToken)
    {
        // The last step is computed once more where all of its KV came from the holder: it may have other bits then.
        var before = driver.Runtime.Length;
        var first = before == history.Length && !IsComputed ? history.LastStepStart : before;
        var digest = driver.Digest(first, before - first);
        try
        {
            if (await _load!.TryComputeLogitsAsync(cancellationToken).ConfigureAwait(false))
            {
                if (driver.Digest(first, before - first) != digest)
                {
                    _replacedFrom = first;
                    AheadFrom = Math.Min(AheadFrom ?? first, first);
                }

                logitsWanted.Close();
            }

            return true; // Or what is on its way comes first.
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            logitsWanted.Withdraw();
            ClientLog.NotComputedAhead(logger, context, exception.Message); // The session tries it again, and throws.
            Kept = new Watermarks(history.Length, Math.Min(driver.Runtime.Length, first));
            return false;
        }
        finally
        {
            if (driver.Runtime.Length > before)
            {
                ComputedAhead += driver.Runtime.Length - before;
                AheadFrom = Math.Min(AheadFrom ?? before, before);
            }
        }
    }
}
