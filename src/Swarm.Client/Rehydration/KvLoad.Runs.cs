using System.IO.Hashing;
using Swarm.Format.Frames;
using Swarm.Format.Objects;

namespace Swarm.Client.Rehydration;

// What becomes of a run.
internal sealed partial class KvLoad
{
    /// <summary>Takes a run.</summary>
    /// <returns>Whether all up to its end is there.</returns>
    private async ValueTask<bool> TakeAsync(KvRunData run, CancellationToken cancellationToken)
    {
        using (run)
        {
            if (!Accepts(run, out var from))
            {
                return false;
            }

            var fault = run.InPlace is null
                ? await WriteAsync(run, from, run.FirstPosition + run.Count, cancellationToken).ConfigureAwait(false)
                : TakeInPlace(run, from);
            if (fault is not null)
            {
                await TakeAgainAsync(run, fault, cancellationToken).ConfigureAwait(false);
            }

            return _end == run.FirstPosition + run.Count;
        }
    }

    /// <summary>Whether a run is of use, and of these inputs; if it is not, that is noted.</summary>
    private bool Accepts(KvRunData run, out int from)
    {
        var end = run.FirstPosition + run.Count;
        from = Math.Max(_end, driver.Runtime.Length);
        _takenInPlace += run.InPlace is null ? 0 : 1;
        if (end > history.Length || (end <= from && RecomputedEarly + RecomputedDamaged == 0))
        {
            Discard(run.FirstPosition, run.Count, $"it covers {run.FirstPosition} to {end}, behind {from} of {history.Length} positions");
            return false;
        }

        if (run.IsDamaged)
        {
            _damaged.Add(((int)run.FirstPosition, run.Count));
            _damagedEnd = end;
            Discard(run.FirstPosition, run.Count, "it is damaged or missing in the store");
            return false;
        }

        if (run.PrefixHash != history.HashAt((int)end))
        {
            Discard(run.FirstPosition, run.Count, "it was computed from other inputs");
            return false;
        }

        return end > from; // Otherwise it was computed already.
    }

    /// <summary>Takes what the connection has put into the runtime's memory.</summary>
    /// <returns>Why it is not there: empty where a step that was computed has taken its place.</returns>
    private string? TakeInPlace(KvRunData run, int from)
    {
        if (run.InPlace!.Fault is { } fault)
        {
            return fault;
        }

        if (run.FirstPosition != from || run.InPlace.Opening != Target!.Opening)
        {
            return "";
        }

        Took(run, from, (int)run.FirstPosition + run.Count);
        return null;
    }

    /// <summary>Writes a run from some position on into the runtime, computing what is missing before it.</summary>
    /// <returns>Why it cannot be used; <see langword="null"/> where it was written.</returns>
    private async ValueTask<string?> WriteAsync(KvRunData run, int from, long end, CancellationToken cancellationToken)
    {
        if (run.FirstPosition > from)
        {
            await CloseAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            Target?.Forget();
            Commit();
            from = await driver.RunAsync(() => ComputeTo(run.FirstPosition, cancellationToken)).ConfigureAwait(false);
        }

        if (end <= from)
        {
            return null; // Computed already.
        }

        if (run.Checksum is { } checksum && XxHash3.HashToUInt64(run.Frames.Span) != checksum)
        {
            return $"The {run.Frames.Length} bytes of KV from position {run.FirstPosition} fail the checksum that they were stored with.";
        }

        try
        {
            KvPayload.Decode(
                driver.Runtime.Model.Geometry,
                run.FirstPosition,
                run.Count,
                run.Frames.Span,
                from,
                (int)end - from,
                driver.Runtime.WriteKv);
        }
        catch (CorruptObjectException exception)
        {
            return exception.Message;
        }

        Took(run, from, (int)end);
        return null;
    }

    /// <summary>Computes steps until some position is there; says how far they went.</summary>
    private int ComputeTo(long position, CancellationToken cancellationToken)
    {
        while (driver.Runtime.Length < position)
        {
            RecomputedDamaged += driver.CatchUpOneStep(cancellationToken);
        }

        return driver.Runtime.Length;
    }

    /// <summary>Reads the rest of a run once more; what is damaged again, or does not come, is discarded.</summary>
    private async ValueTask TakeAgainAsync(KvRunData run, string fault, CancellationToken cancellationToken)
    {
        var end = run.FirstPosition + run.Count;
        var next = Math.Max(run.FirstPosition, Math.Max(_end, driver.Runtime.Length));
        if (fault.Length > 0)
        {
            Reread += end - next;
            ClientLog.KvReread(logger, context, next, (int)(end - next), fault);
        }

        var reason = "it did not come again";
        try
        {
            var copies = readAgain(next, (int)(end - next)).WithCancellation(cancellationToken);
            await foreach (var copy in copies.ConfigureAwait(false))
            {
                using (copy)
                {
                    next = Math.Max(next, copy.FirstPosition + copy.Count);
                    if (Accepts(copy, out var from)
                        && await WriteAsync(copy, from, Math.Min(end, next), cancellationToken).ConfigureAwait(false) is { } again)
                    {
                        Discard(copy.FirstPosition, copy.Count, again);
                    }
                }
            }
        }
        catch (SwarmRefusedException refused)
        {
            reason = refused.Message; // As when a copy here is damaged, and the store is away.
        }

        if (next < end)
        {
            Discard(next, (int)(end - next), reason);
        }
    }

    private void Took(KvRunData run, int from, int end)
    {
        Tier = run.Tier > Tier ? run.Tier : Tier;
        Bytes += (end - from) * driver.Runtime.Model.Geometry.BytesPerPosition;
        _end = end;
    }

    private ValueTask CloseAsync(CancellationToken cancellationToken) => Target?.CloseAsync(cancellationToken) ?? ValueTask.CompletedTask;

    private void Discard(long first, int count, string reason)
    {
        Discarded += count;
        ClientLog.KvDiscarded(logger, context, first, count, reason);
    }

    // KV of half a step is of no use: the step is computed as a whole, in the shape it was recorded with.
    private void Commit()
    {
        var before = driver.Runtime.Length;
        var length = history.FloorToStep(_end);
        if (length > before)
        {
            driver.Runtime.CommitImported(length);
            Loaded += length - before;
        }

        driver.NoteImported();
    }
}
