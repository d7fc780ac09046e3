using Microsoft.Extensions.Logging;
using Swarm.Client.Streaming;
using Swarm.Core.Contexts;
using Swarm.Format.Frames;
using Swarm.Format.Objects;

namespace Swarm.Client.Rehydration;

/// <summary>Brings stored KV into a runtime, run by run, each verified; of a run that cannot be used, the positions are computed.</summary>
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

    private readonly List<(int First, int Count)> _damaged = [];
    private long _damagedEnd;
    private int _end; // Of what was written into the runtime, or was there before.

    /// <summary>Positions whose KV was loaded.</summary>
    public int Loaded { get; private set; }

    /// <summary>Positions that were computed because their KV had not come.</summary>
    public int Outpaced { get; private set; }

    /// <summary>Positions that were computed because their KV could not be used, and KV behind them could.</summary>
    public int Mended { get; private set; }

    /// <summary>Stored positions that are damaged or missing in the store, or failed a check here.</summary>
    public long Discarded { get; private set; }

    /// <summary>Runs that are damaged or missing in the store, as they were stored.</summary>
    public IReadOnlyList<(int First, int Count)> Damaged => _damaged;

    /// <summary>Bytes of the KV that was loaded.</summary>
    public long Bytes { get; private set; }

    /// <summary>The slowest tier that KV came from.</summary>
    public KvTier Tier { get; private set; } = KvTier.None;

    /// <summary>Loads all that comes.</summary>
    /// <param name="runs">The runs; disposed of.</param>
    /// <param name="next">The first request for a run, under way.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task LoadAsync(IAsyncEnumerator<KvRunData> runs, Task<bool> next, CancellationToken cancellationToken)
    {
        while (await next.ConfigureAwait(false))
        {
            Take(runs.Current, cancellationToken);
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
                if (!isThere)
                {
                    return;
                }

                Take(taken, cancellationToken);
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
            var first = target.Runtime.Length;
            var count = target.CatchUpOneStep(cancellationToken);
            if (first < _damagedEnd)
            {
                Mended += count;
            }
            else
            {
                Outpaced += count;
            }

            elapsed = timeProvider.GetElapsedTime(started);
        }

        return elapsed;
    }

    private void Take(KvRunData run, CancellationToken cancellationToken)
    {
        using (run)
        {
            Write(run, cancellationToken);
        }
    }

    private void Write(KvRunData run, CancellationToken cancellationToken)
    {
        var end = run.FirstPosition + run.Count;
        var from = Math.Max(_end, target.Runtime.Length);
        if (end > history.Length || (end <= from && Outpaced + Mended == 0))
        {
            Discard(run, $"it covers {run.FirstPosition} to {end}, behind {from} of {history.Length} positions");
            return;
        }

        if (run.IsDamaged)
        {
            _damaged.Add(((int)run.FirstPosition, run.Count));
            _damagedEnd = end;
            Discard(run, "it is damaged or missing in the store");
            return;
        }

        if (run.PrefixHash != history.HashAt((int)end))
        {
            Discard(run, "it was computed from other inputs");
            return;
        }

        if (run.FirstPosition > from)
        {
            Commit();
            while (target.Runtime.Length < run.FirstPosition)
            {
                Mended += target.CatchUpOneStep(cancellationToken);
            }

            from = target.Runtime.Length;
        }

        if (end <= from)
        {
            return; // Computed already.
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
            Discard(run, exception.Message);
            return;
        }

        Tier = run.Tier > Tier ? run.Tier : Tier;
        Bytes += (end - from) * target.Runtime.Model.Geometry.BytesPerPosition;
        _end = (int)end;
    }

    private void Discard(KvRunData run, string reason)
    {
        Discarded += run.Count;
        Log.KvDiscarded(logger, context, run.FirstPosition, run.Count, reason);
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
