using Swarm.Core.Contexts;
using Swarm.Core.Settings;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Client;
using Swarm.Format.Frames;

namespace Swarm.Client.Streaming;

/// <summary>Sends KV of whole steps, behind their inputs. The runtime's cache is the buffer: without credit it lags.</summary>
/// <param name="streamer">Whose lane it is.</param>
/// <param name="history">The inputs and their hash chain.</param>
/// <param name="driver">The runtime.</param>
/// <param name="inputs">How far the inputs are.</param>
/// <param name="options">Settings.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class KvLane(
    Streamer streamer,
    InputHistory history,
    RuntimeDriver driver,
    InputLane inputs,
    MemoryOptions options,
    TimeProvider timeProvider)
{
    private const int OverheadBytes = 4096; // Headers of a record and its frames.

    private readonly BufferPool _buffers = new(2L * options.KvRecordBytes);

    /// <summary>Most positions of a record, unless one step is longer.</summary>
    public int MaxPositions { get; } = PositionsWithin(driver, options.KvRecordBytes);

    /// <summary>Bytes of a record; <see cref="long.MaxValue"/> where it would be too large for one.</summary>
    public long LengthOf(int first, int count) => count < KvPayload.MaxBytes / driver.Runtime.Model.Geometry.BytesPerPosition
        ? KvPayload.EncodedLength(driver.Runtime.Model.Geometry, first, count)
        : long.MaxValue;

    /// <summary>Sends KV as it comes, from the watermark on, behind what is to be repaired.</summary>
    public async Task RunAsync(
        DataPlaneSession session, KvRepair repair, TaskCompletionSource fault, CancellationToken cancellationToken)
    {
        // The task before this one may be the caller's step: copying KV must not run on it.
        await Task.Yield();
        await repair.SendAsync(session, fault, cancellationToken).ConfigureAwait(false);
        var cursor = (int)session.Durable.Kv;
        var limit = session.Limits.MaxRecordBytes;
        var maxPositions = Math.Min(MaxPositions, PositionsWithin(driver, limit));
        long? pendingSince = null;
        while (true)
        {
            var next = streamer.Work.Next;
            var (end, isFull) = history.PlanRecord(cursor, Math.Min(driver.Computed, inputs.Sent), maxPositions);
            if (end <= cursor)
            {
                pendingSince = null;
                session.ReturnCredit();
                await next.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (LengthOf(cursor, end - cursor) is var bytes && bytes > limit)
            {
                streamer.NoteTooLargeStep(new InvalidOperationException(
                    $"KV of a step of {end - cursor} positions has {ByteSize.Format(bytes)}, and the silo takes {ByteSize.Format(limit)} at once "
                    + "(Swarm:DataPlane:IngestBytes). Raise that, or compute shorter steps (maxStepTokens of the runtime)."));
                await next.WaitAsync(cancellationToken).ConfigureAwait(false); // A rewind may take the step back.
                continue;
            }

            if (!isFull && end - cursor < options.KvBatchPositions && !streamer.IsFlushing)
            {
                pendingSince ??= timeProvider.GetTimestamp();
                var wait = options.KvFlushInterval - timeProvider.GetElapsedTime(pendingSince.Value);
                if (wait > TimeSpan.Zero)
                {
                    await WaitAsync(next, wait, cancellationToken).ConfigureAwait(false);
                    continue;
                }
            }

            pendingSince = null;
            if (await ExportAsync(session, cursor, end, driver.Computed - cursor, cancellationToken).ConfigureAwait(false)
                is { } append)
            {
                streamer.Track(append, fault, static () => { }, static () => { });
                cursor = end;
            }
        }
    }

    /// <summary>Exports KV and sends it.</summary>
    /// <param name="session">Where to.</param>
    /// <param name="first">First position.</param>
    /// <param name="end">Position behind the last.</param>
    /// <param name="waiting">Positions that wait to be sent, these among them: credit is asked for all of them.</param>
    /// <param name="cancellationToken">Stops waiting to send.</param>
    /// <returns>
    /// A task that ends when it is durable; none where the last step is being run again, with the same bits, or the runtime is lost.
    /// </returns>
    public async ValueTask<Task<Watermarks>?> ExportAsync(
        DataPlaneSession session, int first, int end, int waiting, CancellationToken cancellationToken)
    {
        var count = end - first;
        var geometry = driver.Runtime.Model.Geometry;
        var length = KvPayload.EncodedLength(geometry, first, count);
        var backlog = waiting * geometry.BytesPerPosition;
        await session.ReserveKvAsync(length, Math.Max(length, backlog), cancellationToken).ConfigureAwait(false);

        // Between the plan and here nobody rewinds: that ends this run first.
        using var buffer = _buffers.Rent(length);
        if (!driver.TryExport(first, count, buffer.Memory.Span))
        {
            streamer.NoteRuntimeFault(driver.Fault);
            return null;
        }

        return await session.SendKvAsync(
            new KvAppend(first, count, history.HashAt(end), buffer.Memory), cancellationToken).ConfigureAwait(false);
    }

    private static int PositionsWithin(RuntimeDriver driver, long bytes) =>
        (int)Math.Clamp((bytes - OverheadBytes) / driver.Runtime.Model.Geometry.BytesPerPosition, 1, int.MaxValue);

    private async Task WaitAsync(Task next, TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            await next.WaitAsync(atMost, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Old enough now.
        }
    }
}
