using Microsoft.Extensions.Logging;
using Swarm.Client.Streaming;
using Swarm.DataPlane.Client;

namespace Swarm.Client.Rehydration;

/// <summary>Gives a runtime the memory of a context, from the beginning or from what it has: loads verified KV, and computes what is missing.</summary>
/// <param name="context">Context name, for logs.</param>
/// <param name="from">Where inputs and KV are read.</param>
/// <param name="history">Empty, or the context's first inputs; receives the rest.</param>
/// <param name="driver">The runtime, with KV of these; or none for an agent whose KV is computed elsewhere.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class Rehydrator(
    string context,
    DataPlaneAttachment from,
    InputHistory history,
    RuntimeDriver? driver,
    TimeProvider timeProvider,
    ILogger logger)
{
    /// <summary>Runs of KV that are damaged or missing in the store, as they were stored.</summary>
    public IReadOnlyList<(int First, int Count)> Damaged { get; private set; } = [];

    /// <summary>Rehydrates.</summary>
    /// <param name="durable">How far inputs and KV go.</param>
    /// <param name="strategy">Whether KV is loaded.</param>
    /// <param name="started">When the session began to be opened.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="undurable">Inputs behind the durable ones that this agent has on its disk; or none.</param>
    /// <returns>What it took.</returns>
    /// <exception cref="SwarmTransportException">The connection broke off.</exception>
    public async Task<RehydrationReport> RunAsync(
        Watermarks durable,
        RehydrationStrategy strategy,
        long started,
        CancellationToken cancellationToken,
        InputRun? undurable = null)
    {
        var control = timeProvider.GetElapsedTime(started);
        var length = durable.Tokens + (undurable?.Tokens.Length ?? 0);
        if (driver is not null && length > driver.Runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"Context '{context}' has {length} positions; the runtime holds {driver.Runtime.MaxPositions}. "
                + "Give the model a larger cache, or rewind the context.");
        }

        var held = driver?.Runtime.Length ?? 0;
        history.Reserve(length);
        var inputs = ReadInputsAsync(durable.Tokens, cancellationToken);
        KvLoad? load = null;
        if (driver is null || strategy == RehydrationStrategy.Recompute || durable.Kv <= held)
        {
            await inputs.ConfigureAwait(false);
        }
        else
        {
            load = new KvLoad(context, history, driver, ReadAgain, timeProvider, logger);
            await LoadKvAsync(load, durable, inputs, strategy, cancellationToken).ConfigureAwait(false);
        }

        var inputsElapsed = await inputs.ConfigureAwait(false) - started;
        var kvElapsed = timeProvider.GetElapsedTime(started);
        if (undurable is not null)
        {
            history.AppendRun(undurable);
        }

        var early = load?.RecomputedEarly ?? 0;
        var recomputed = early + (load?.RecomputedDamaged ?? 0);
        if (driver is not null && driver.Runtime.Length < history.Length)
        {
            recomputed += await driver.RunAsync(() => driver.CatchUp(cancellationToken)).ConfigureAwait(false);
        }

        Damaged = load?.Damaged ?? [];
        var elapsed = timeProvider.GetElapsedTime(started);
        ClientLog.Rehydrated(logger, context, history.Length, load?.Loaded ?? 0, recomputed, elapsed.TotalMilliseconds);
        return new RehydrationReport(
            history.Length,
            load?.Loaded ?? 0,
            recomputed,
            load?.Discarded ?? 0,
            load?.Bytes ?? 0,
            load?.Tier ?? KvTier.None,
            elapsed,
            control,
            TimeSpan.FromSeconds((double)inputsElapsed / timeProvider.TimestampFrequency),
            kvElapsed,
            elapsed - kvElapsed)
        {
            Held = held,
            RecomputedEarly = early,
            Reread = load?.Reread ?? 0,
        };
    }

    private IAsyncEnumerable<KvRunData> ReadAgain(long first, int count) => from.ReadKvAsync(first, count, isRecheck: true);

    /// <summary>Reads all inputs that are missing.</summary>
    /// <returns>When they were there.</returns>
    private async Task<long> ReadInputsAsync(long count, CancellationToken cancellationToken)
    {
        if (count > history.Length)
        {
            await foreach (var run in from.ReadInputsAsync(history.Length, count - history.Length, cancellationToken).ConfigureAwait(false))
            {
                if (run.FirstPosition != history.Length)
                {
                    throw new SwarmTransportException(
                        $"Inputs of '{context}' go on at {run.FirstPosition} instead of {history.Length}.", isTransient: true);
                }

                history.AppendRun(run);
            }
        }

        return history.Length == count
            ? timeProvider.GetTimestamp()
            : throw new SwarmTransportException(
                $"Inputs of '{context}' end at {history.Length} instead of {count}.", isTransient: true);
    }

    private async Task LoadKvAsync(
        KvLoad load, Watermarks durable, Task inputs, RehydrationStrategy strategy, CancellationToken cancellationToken)
    {
        // Asked for at once, so that KV is on its way while the inputs are read.
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = load.First;
        var runs = from.ReadKvAsync(first, durable.Kv - first, load.Target, cancellationToken: reading.Token).GetAsyncEnumerator(reading.Token);
        await using (runs.ConfigureAwait(false))
        {
            var next = runs.MoveNextAsync().AsTask();
            try
            {
                await inputs.ConfigureAwait(false);
            }
            catch
            {
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (next.IsCompletedSuccessfully && await next.ConfigureAwait(false))
                {
                    runs.Current.Dispose();
                }

                throw;
            }

            if (strategy == RehydrationStrategy.Fastest)
            {
                await load.LoadOrComputeAsync(runs, next, durable.Kv, reading.CancelAsync, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await load.LoadAsync(runs, next, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
