using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Swarm.DataPlane.Transport;

/// <summary>A connection of Kestrel: the bytes pass through its pipes.</summary>
/// <param name="connection">The connection; its owner disposes it.</param>
internal sealed class PipeTransport(ConnectionContext connection) : ByteTransport
{
    // Large enough to cost few flushes, small enough that the kernel sends one part while the next is copied.
    private const int WriteChunkBytes = 128 << 10;

    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;

    public override async ValueTask<bool> ReadAsync(Memory<byte> destination)
    {
        var filled = 0;
        while (filled < destination.Length)
        {
            var result = await _input.ReadAsync().ConfigureAwait(false);
            var buffer = result.Buffer;
            var count = (int)Math.Min(buffer.Length, destination.Length - filled);
            buffer.Slice(0, count).CopyTo(destination.Span[filled..]);
            _input.AdvanceTo(buffer.GetPosition(count));
            filled += count;
            if (filled < destination.Length && (result.IsCompleted || result.IsCanceled))
            {
                return filled == 0
                    ? false
                    : throw new EndOfStreamException($"The peer closed after {filled} of {destination.Length} bytes.");
            }
        }

        return true;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload)
    {
        _output.Write(head.Span);
        do
        {
            var count = Math.Min(payload.Length, WriteChunkBytes);
            _output.Write(payload.Span[..count]);
            payload = payload[count..];
            var result = await _output.FlushAsync().ConfigureAwait(false);
            if (result.IsCompleted || result.IsCanceled)
            {
                throw new IOException("The peer closed the connection.");
            }
        }
        while (!payload.IsEmpty);
    }

    public override void Abort(string reason)
    {
        connection.Abort(new ConnectionAbortedException(reason));
        _input.CancelPendingRead();
        _output.CancelPendingFlush();
    }

    public override async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync().ConfigureAwait(false);
        await _output.CompleteAsync().ConfigureAwait(false);
    }
}
