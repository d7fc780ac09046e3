using Microsoft.Extensions.Logging;
using Swarm.Client.Streaming;
using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.DataPlane.Client;
using Swarm.Format.Frames;
using Swarm.Format.Objects;

namespace Swarm.Client.Rehydration;

/// <summary>Gives a runtime the memory of a context: loads verified KV, and computes what is missing.</summary>
/// <param name="context">Context name, for logs.</param>
/// <param name="from">Where inputs and KV are read.</param>
/// <param name="history">Empty; receives the inputs.</param>
/// <param name="driver">The runtime, empty; or none for an agent whose KV is computed elsewhere.</param>
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
    private int _loaded;
    private long _discarded;
    private long _bytes;
    private KvTier _tier = KvTier.None;

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

        driver?.Truncate(0);
        var inputs = ReadInputsAsync(durable.Tokens, cancellationToken);
        if (driver is null || strategy == RehydrationStrategy.Recompute || durable.Kv == 0)
        {
            await inputs.ConfigureAwait(false);
        }
        else
        {
            await LoadKvAsync(driver, durable, inputs, cancellationToken).ConfigureAwait(false);
        }

        var inputsElapsed = await inputs.ConfigureAwait(false) - started;
        var kvElapsed = timeProvider.GetElapsedTime(started);
        if (undurable is not null)
        {
            history.AppendRun(undurable);
        }

        var recomputed = driver?.CatchUp(cancellationToken) ?? 0;
        var elapsed = timeProvider.GetElapsedTime(started);
        Log.Rehydrated(logger, context, history.Length, _loaded, recomputed, elapsed.TotalMilliseconds);
        return new RehydrationReport(
            history.Length,
            _loaded,
            recomputed,
            _discarded,
            _bytes,
            _tier,
            elapsed,
            control,
            TimeSpan.FromSeconds((double)inputsElapsed / timeProvider.TimestampFrequency),
            kvElapsed,
            elapsed - kvElapsed);
    }

    /// <summary>Reads all inputs.</summary>
    /// <returns>When they were there.</returns>
    private async Task<long> ReadInputsAsync(long count, CancellationToken cancellationToken)
    {
        if (count > 0)
        {
            await foreach (var run in from.ReadInputsAsync(0, count, cancellationToken).ConfigureAwait(false))
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
        RuntimeDriver target, Watermarks durable, Task inputs, CancellationToken cancellationToken)
    {
        // Asked for at once, so that KV is on its way while the inputs are read.
        var runs = from.ReadKvAsync(0, durable.Kv, cancellationToken).GetAsyncEnumerator(cancellationToken);
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

            while (await next.ConfigureAwait(false))
            {
                bool isGood;
                using (var run = runs.Current)
                {
                    isGood = TryLoad(target, run);
                }

                if (!isGood)
                {
                    break;
                }

                next = runs.MoveNextAsync().AsTask();
            }
        }

        // KV of half a step is of no use: the step is computed as a whole, in the shape it was recorded with.
        _loaded = history.FloorToStep(_loaded);
        if (_loaded > 0)
        {
            target.Runtime.CommitImported(_loaded);
        }

        target.NoteImported();
    }

    private bool TryLoad(RuntimeDriver target, KvRunData run)
    {
        var end = run.FirstPosition + run.Count;
        _tier = run.Tier > _tier ? run.Tier : _tier;
        if (run.FirstPosition > _loaded || end <= _loaded || end > history.Length)
        {
            return Discard(run, $"it covers {run.FirstPosition} to {end}, behind {_loaded} of {history.Length} positions");
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
                _loaded,
                (int)end - _loaded,
                target.Runtime.WriteKv);
        }
        catch (CorruptObjectException exception)
        {
            return Discard(run, exception.Message);
        }

        _bytes += (end - _loaded) * target.Runtime.Model.Geometry.BytesPerPosition;
        _loaded = (int)end;
        return true;
    }

    private bool Discard(KvRunData run, string reason)
    {
        _discarded += run.Count;
        Log.KvDiscarded(logger, context, run.FirstPosition, reason);
        return false;
    }
}
