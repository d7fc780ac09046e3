using Microsoft.Extensions.Logging;
using Swarm.Client.Streaming;
using Swarm.Core.Contexts;
using Swarm.Format.Frames;
using Swarm.Format.Objects;

namespace Swarm.Client.Rehydration;

/// <summary>Brings stored KV into a runtime, run by run, each verified.</summary>
/// <param name="context">Context name, for logs.</param>
/// <param name="history">The inputs, all of them.</param>
/// <param name="target">The runtime, empty.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class KvLoad(
    string context, InputHistory history, RuntimeDriver target, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>How long a run is waited for before a step was ever timed.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(50);

    private static readonly Task<bool> _none = Task.FromResult(false);

    private int _end; // Of what was written into the runtime, or was there before.

    /// <summary>Positions whose KV was loaded.</summary>
    public int Loaded { get; private set; }

    /// <summary>Positions that were computed because their KV had not come.</summary>
    public int Outpaced { get; private set; }

    /// <summary>Stored positions that failed a check.</summary>
    public long Discarded { get; private set; }

    /// <summary>Bytes of the KV that was loaded.</summary>
    public long Bytes { get; private set; }

    /// <summary>The slowest tier that KV came from.</summary>
    public KvTier Tier { get; private set; } = KvTier.None;

    /// <summary>Loads all that comes, up to the first run that fails a check.</summary>
    /// <param name="runs">The runs; disposed of.</param>
    /// <param name="next">The first request for a run, under way.</param>
    public async Task LoadAsync(IAsyncEnumerator<KvRunData> runs, Task<bool> next)
    {
        while (await next.ConfigureAwait(false) && TryLoad(runs.Current))
        {
            next = runs.MoveNextAsync().AsTask();
        }

        Commit();
    }

    /// <summary>The same, and computes steps while the next run takes longer to come than a step to compute.</summary>
    /// <param name="runs">The runs; disposed of.</param>
    /// <param name="next">The first request for a run, under way.</param>
    /// <param name="end">Where stored KV ends.</param>
    /// <param name="stop">Stops reading: what is computed already need not come.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task LoadOrComputeAsync(
        IAsyncEnumerator<KvRunData> runs, Task<bool> next, long end, Func<Task> stop, CancellationToken cancellationToken)
    {
        var patience = FirstPatience;
        try
        {
            while (target.Runtime.Length < end)
            {
                if (!next.IsCompleted)
                {
                    await Task.WhenAny(next, Task.Delay(patience, timeProvider, cancellationToken)).ConfigureAwait(false);
                    cancellationToken.ThrowIfCancellationRequested();
                }

                if (!next.IsCompleted)
                {
                    patience = ComputeUntil(next, end, cancellationToken);
                    continue;
                }

                var (isThere, taken) = (await next.ConfigureAwait(false), runs.Current);
                next = _none;
                if (!isThere || !TryLoad(taken))
                {
                    return;
                }

                Commit();
                next = runs.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await stop().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next.IsCompletedSuccessfully && await next.ConfigureAwait(false))
            {
                runs.Current.Dispose();
            }
        }
    }

    /// <summary>Computes until the next run is there; says how long a step took.</summary>
    private TimeSpan ComputeUntil(Task<bool> next, long end, CancellationToken cancellationToken)
    {
        TimeSpan elapsed = default;
        while (!next.IsCompleted && target.Runtime.Length < end)
        {
            var started = timeProvider.GetTimestamp();
            Outpaced += target.CatchUpOneStep(cancellationToken);
            elapsed = timeProvider.GetElapsedTime(started);
        }

        return elapsed;
    }

    private bool TryLoad(KvRunData run)
    {
        using (run)
        {
            return TryWrite(run);
        }
    }

    private bool TryWrite(KvRunData run)
    {
        Tier = run.Tier > Tier ? run.Tier : Tier;
        var from = Math.Max(_end, target.Runtime.Length);
        var end = run.FirstPosition + run.Count;
        if (end <= from && Outpaced > 0)
        {
            return true; // It comes too late.
        }

        if (run.FirstPosition > from || end <= from || end > history.Length)
        {
            return Discard(run, $"it covers {run.FirstPosition} to {end}, behind {from} of {history.Length} positions");
        }

        if (run.PrefixHash != history.HashAt((int)end))
        {
            return Discard(run, "it was computed from other inputs");
        }

        try
        {
            KvPayload.Decode(
                target.Runtime.Model.Geometry,
                run.FirstPosition,
                run.Count,
                run.Frames.Span,
                from,
                (int)end - from,
                target.Runtime.WriteKv);
        }
        catch (CorruptObjectException exception)
        {
            return Discard(run, exception.Message);
        }

        Bytes += (end - from) * target.Runtime.Model.Geometry.BytesPerPosition;
        _end = (int)end;
        return true;
    }

    private bool Discard(KvRunData run, string reason)
    {
        Discarded += run.Count;
        Log.KvDiscarded(logger, context, run.FirstPosition, reason);
        return false;
    }

    // KV of half a step is of no use: the step is computed as a whole, in the shape it was recorded with.
    private void Commit()
    {
        var before = target.Runtime.Length;
        var length = history.FloorToStep(_end);
        if (length > before)
        {
            target.Runtime.CommitImported(length);
            Loaded += length - before;
        }

        target.NoteImported();
    }
}
