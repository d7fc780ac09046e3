using Swarm.Client.Sessions;
using Swarm.Core.Contexts;
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
    private readonly BufferPool _buffers = new(2L * options.KvRecordBytes);
    private readonly int _maxPositions = (int)Math.Clamp(
        (options.KvRecordBytes - 4096) / driver.Runtime.Model.Geometry.BytesPerPosition, 1, int.MaxValue);

    public async Task RunAsync(DataPlaneSession session, TaskCompletionSource fault, CancellationToken cancellationToken)
    {
        // The task before this one may be the caller's step: copying KV must not run on it.
        await Task.Yield();
        var cursor = (int)session.Durable.Kv;
        long? pendingSince = null;
        while (true)
        {
            var next = streamer.Work.Next;
            var (end, isFull) = history.PlanRecord(cursor, Math.Min(driver.Computed, inputs.Sent), _maxPositions);
            if (end <= cursor)
            {
                pendingSince = null;
                session.ReturnCredit();
                await next.WaitAsync(cancellationToken).ConfigureAwait(false);
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
            if (await SendAsync(session, fault, cursor, end, cancellationToken).ConfigureAwait(false))
            {
                cursor = end;
            }
        }
    }

    private async ValueTask<bool> SendAsync(
        DataPlaneSession session, TaskCompletionSource fault, int first, int end, CancellationToken cancellationToken)
    {
        var count = end - first;
        var geometry = driver.Runtime.Model.Geometry;
        var length = KvPayload.EncodedLength(geometry, first, count);
        var backlog = (driver.Computed - first) * geometry.BytesPerPosition;
        await session.ReserveKvAsync(length, Math.Max(length, backlog), cancellationToken).ConfigureAwait(false);

        // Between the plan and here nobody rewinds: that ends this run first.
        using var buffer = _buffers.Rent(length);
        if (!driver.TryExport(first, count, buffer.Memory.Span))
        {
            return false; // The last step is being run again, with the same bits.
        }

        var append = await session.SendKvAsync(
            new KvAppend(first, count, history.HashAt(end), buffer.Memory), cancellationToken).ConfigureAwait(false);
        streamer.Track(append, fault, static () => { }, static () => { });
        return true;
    }

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
