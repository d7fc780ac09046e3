using Microsoft.Extensions.Logging;
using Swarm.Client.Streaming;
using Swarm.DataPlane.Client;

namespace Swarm.Client.Rehydration;

/// <summary>Brings stored KV into a runtime, run by run, each verified; of a run that cannot be used, the positions are computed.</summary>
/// <remarks>
/// Runs that come while this waits for them come straight into the runtime's memory, where it lets them (<see cref="Target"/>). One that
/// fails a check is read once more, past copies that the silo may hold damaged.
/// </remarks>
/// <param name="context">Context name, for logs.</param>
/// <param name="history">The inputs, all of them.</param>
/// <param name="driver">The runtime, empty.</param>
/// <param name="readAgain">Reads some positions once more, into buffers, and has the silo check its copies: first, count.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Where logs go.</param>
internal sealed partial class KvLoad(
    string context,
    InputHistory history,
    RuntimeDriver driver,
    Func<long, int, IAsyncEnumerable<KvRunData>> readAgain,
    TimeProvider timeProvider,
    ILogger logger)
{
    /// <summary>How long a run is waited for before a step was ever timed.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(50);

    private static readonly Task<bool> _none = Task.FromResult(false);

    private readonly List<(int First, int Count)> _damaged = [];
    private long _damagedEnd;
    private int _end; // Of what was written into the runtime, or was there before.
    private long _takenInPlace;
    private bool _isPrompt = true; // Whether the last run came before a step would have been computed.

    /// <summary>Positions whose KV is in the runtime already.</summary>
    public int First { get; } = driver.Runtime.Length;

    /// <summary>Positions whose KV was loaded.</summary>
    public int Loaded { get; private set; }

    /// <summary>Positions that were computed because their KV had not come.</summary>
    public int RecomputedEarly { get; private set; }

    /// <summary>Positions that were computed because their KV could not be used, and KV behind them could.</summary>
    public int RecomputedDamaged { get; private set; }

    /// <summary>Stored positions that are damaged or missing in the store, or failed a check here.</summary>
    public long Discarded { get; private set; }

    /// <summary>Positions that were read once more, since a first copy of their KV failed a check here.</summary>
    public long Reread { get; private set; }

    /// <summary>Where the read that is loaded may put runs; <see langword="null"/> where the runtime offers none.</summary>
    public KvReceiveTarget? Target { get; } = driver.Runtime.Memory is { } memory
        ? new KvReceiveTarget(
            driver.Runtime.Model.Geometry,
            memory,
            (first, count, hash) => first >= driver.Runtime.Length && first + count <= history.Length && history.HashAt((int)first + count) == hash)
        : null;

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
        try
        {
            Target?.Open(0);
            while (await next.ConfigureAwait(false))
            {
                if (await TakeAsync(runs.Current, cancellationToken).ConfigureAwait(false))
                {
                    Target?.Open(_end);
                }

                next = runs.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await CloseAsync(cancellationToken).ConfigureAwait(false);
        }

        Commit();
    }

    /// <summary>Takes one run of a context that is followed: what is whole steps of it counts at once.</summary>
    /// <param name="run">The run; disposed of.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async ValueTask TakeFollowedAsync(KvRunData run, CancellationToken cancellationToken)
    {
        if (await TakeAsync(run, cancellationToken).ConfigureAwait(false))
        {
            Target?.Open(_end);
        }

        Commit();
    }

    /// <summary>
    /// Computes what is missing at the end, and the logits behind it, unless a run is on its way into the runtime. Logits for which a long step would be computed once
    /// more are left to whoever needs them.
    /// </summary>
    /// <param name="cancellationToken">Stops it between two steps; what was computed counts.</param>
    /// <returns>Whether it was possible.</returns>
    public async ValueTask<bool> TryComputeLogitsAsync(CancellationToken cancellationToken)
    {
        await CloseAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if ((Target?.Received ?? 0) != _takenInPlace)
        {
            return false; // It is taken first.
        }

        var before = driver.Runtime.Length;
        try
        {
            await driver.RunAsync(() =>
            {
                driver.CatchUp(cancellationToken);
                if (!driver.IsLastStepLong)
                {
                    driver.RequireLogits();
                }

                return true;
            }).ConfigureAwait(false);
        }
        finally
        {
            RecomputedEarly += Math.Max(0, driver.Runtime.Length - before);
        }

        Target?.Open(driver.Runtime.Length);
        return true;
    }

    /// <summary>Loads all that comes, and computes steps while the next run takes longer to come than a step to compute.</summary>
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
            while (driver.Runtime.Length < end)
            {
                if (await IsSlowAsync(next, patience, cancellationToken).ConfigureAwait(false))
                {
                    patience = await driver.RunAsync(() => ComputeUntil(next, end, cancellationToken)).ConfigureAwait(false);
                    continue;
                }

                var (isThere, taken) = (await next.ConfigureAwait(false), runs.Current);
                next = _none;
                if (!isThere)
                {
                    return;
                }

                // Straight in where runs come sooner than steps are computed: one that is on its way in has to be waited for.
                if (await TakeAsync(taken, cancellationToken).ConfigureAwait(false) && _isPrompt)
                {
                    Target?.Open(_end);
                }

                _isPrompt = true;
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

            await CloseAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the next run for a while. If it has not come, nothing comes in until <see cref="KvReceiveTarget.Open"/>.</summary>
    private async ValueTask<bool> IsSlowAsync(Task<bool> next, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!next.IsCompleted)
        {
            await Task.WhenAny(next, Task.Delay(patience, timeProvider, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (next.IsCompleted)
        {
            return false;
        }

        // One that is on its way in comes in whole; but the one behind it goes to a buffer, beside which steps are computed.
        _isPrompt = false;
        await CloseAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return !next.IsCompleted && (Target?.Received ?? 0) == _takenInPlace;
    }

    /// <summary>Computes until the next run is there; says how long a step took.</summary>
    private TimeSpan ComputeUntil(Task<bool> next, long end, CancellationToken cancellationToken)
    {
        TimeSpan elapsed = default;
        while (!next.IsCompleted && driver.Runtime.Length < end)
        {
            var started = timeProvider.GetTimestamp();
            var first = driver.Runtime.Length;
            var count = driver.CatchUpOneStep(cancellationToken);
            if (first < _damagedEnd)
            {
                RecomputedDamaged += count;
            }
            else
            {
                RecomputedEarly += count;
            }

            elapsed = timeProvider.GetElapsedTime(started);
        }

        return elapsed;
    }
}
