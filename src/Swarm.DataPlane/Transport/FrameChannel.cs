using System.IO.Hashing;
using Swarm.Core.Contexts;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.Format.Frames;

namespace Swarm.DataPlane.Transport;

/// <summary>Frames over a byte stream: any number of senders, one receiver.</summary>
/// <param name="transport">The stream, owned by this.</param>
/// <param name="pool">Where bodies are received into.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class FrameChannel(ByteTransport transport, BufferPool pool, TimeProvider timeProvider) : IAsyncDisposable
{
    private const int KeptScratchBytes = 64 << 10;
    private const int PartBytes = 256 << 10;

    private readonly SemaphoreSlim _sending = new(1, 1);

    // Taken before _sending by frames with a payload: so at most one of them is sent, or waits before a small frame.
    private readonly SemaphoreSlim _sendingPayload = new(1, 1);
    private readonly byte[] _headerBuffer = new byte[FrameHeader.SizeBytes];
    private byte[] _scratch = new byte[1024];
    private long _lastReceived = timeProvider.GetTimestamp();
    private long _lastSent = timeProvider.GetTimestamp();
    private long _bodySince;
    private long _sendSince;

    /// <summary>Since when nothing was received, nor sent.</summary>
    public TimeSpan ReceiveSilence => timeProvider.GetElapsedTime(Volatile.Read(ref _lastReceived));

    /// <summary>How long ago the last frame was sent.</summary>
    public TimeSpan SendSilence => timeProvider.GetElapsedTime(Volatile.Read(ref _lastSent));

    /// <summary>How long the frame that is being received, or sent, has taken so far.</summary>
    public TimeSpan StalledFor
    {
        get
        {
            var receiving = Volatile.Read(ref _bodySince);
            var sending = Volatile.Read(ref _sendSince);
            var longest = TimeSpan.Zero;
            if (receiving != 0)
            {
                longest = timeProvider.GetElapsedTime(receiving);
            }

            return sending != 0 && timeProvider.GetElapsedTime(sending) is var elapsed && elapsed > longest
                ? elapsed
                : longest;
        }
    }

    /// <summary>Receives a header.</summary>
    /// <returns><see langword="null"/> when the peer ended the stream between two frames.</returns>
    /// <exception cref="ProtocolException">It is malformed.</exception>
    public async ValueTask<FrameHeader?> ReceiveHeaderAsync()
    {
        var received = await transport.ReadAsync(_headerBuffer, CancellationToken.None).ConfigureAwait(false);
        if (received < FrameHeader.SizeBytes)
        {
            return received == 0 ? null : throw Ended(FrameHeader.SizeBytes - received);
        }

        Volatile.Write(ref _lastReceived, timeProvider.GetTimestamp());
        return FrameHeader.Read(_headerBuffer);
    }

    /// <summary>Receives and checks the head of a body: all of a control frame's.</summary>
    /// <returns>The head; to be disposed.</returns>
    /// <exception cref="ProtocolException">Its checksum does not match.</exception>
    public async ValueTask<PooledBuffer> ReceiveHeadAsync(FrameHeader header)
    {
        var head = await ReceiveAsync(header.HeadLength).ConfigureAwait(false);
        try
        {
            header.RequireChecksum(head.Memory.Span);
            return head;
        }
        catch
        {
            head.Dispose();
            throw;
        }
    }

    /// <summary>Receives bytes straight into a buffer of exactly that length.</summary>
    /// <returns>The bytes; to be disposed.</returns>
    /// <exception cref="EndOfStreamException">The peer ended the stream before.</exception>
    public async ValueTask<PooledBuffer> ReceiveAsync(int length)
    {
        var buffer = pool.Rent(length);
        try
        {
            Volatile.Write(ref _bodySince, timeProvider.GetTimestamp());
            await FillAsync(buffer.Memory, CancellationToken.None).ConfigureAwait(false);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
        finally
        {
            Volatile.Write(ref _bodySince, 0);
            Volatile.Write(ref _lastReceived, timeProvider.GetTimestamp());
        }
    }

    /// <summary>Receives a payload to where its receiver wants it, piece by piece.</summary>
    /// <param name="receiver">Says where.</param>
    /// <param name="stop">Stops it: when this returns, nothing is written there any more.</param>
    /// <returns>Bytes received: the whole payload, or fewer when it was stopped; the rest is still to be received.</returns>
    /// <exception cref="EndOfStreamException">The peer ended the stream before.</exception>
    public async ValueTask<int> ReceiveAsync(KvPayloadReceiver receiver, CancellationToken stop)
    {
        var received = 0;
        try
        {
            Volatile.Write(ref _bodySince, timeProvider.GetTimestamp());
            while (receiver.Next is { IsEmpty: false } next)
            {
                var filled = await FillAsync(next, stop).ConfigureAwait(false);
                received += filled;
                if (filled < next.Length)
                {
                    break;
                }

                receiver.Advance();
            }

            return received;
        }
        finally
        {
            Volatile.Write(ref _bodySince, 0);
            Volatile.Write(ref _lastReceived, timeProvider.GetTimestamp());
        }
    }

    /// <summary>Receives bytes that nobody wants, without holding them.</summary>
    public async ValueTask SkipAsync(int length)
    {
        while (length > 0)
        {
            var part = Math.Min(length, KeptScratchBytes);
            (await ReceiveAsync(part).ConfigureAwait(false)).Dispose();
            length -= part;
        }
    }

    /// <summary>Sends a frame. When it returns, the payload is not used any more.</summary>
    /// <exception cref="ArgumentException">It is over a limit: the peer would end the connection. Nothing was sent.</exception>
    public ValueTask SendAsync<TMessage>(
        FrameType type,
        uint attachment,
        uint correlation,
        TMessage message,
        ReadOnlyMemory<byte> payload = default,
        CancellationToken cancellationToken = default)
        where TMessage : IMessage<TMessage> => payload.IsEmpty
            ? SendNextAsync(type, attachment, correlation, message, default, cancellationToken)
            : SendPayloadAsync(type, attachment, correlation, message, new Payload(payload, null), cancellationToken);

    /// <summary>Whether <see cref="SendFileAsync"/> is of use.</summary>
    public bool SendsFiles => transport.SendsFiles;

    /// <summary>Sends a frame whose payload is in a file. When it returns, the file is not used any more.</summary>
    /// <exception cref="ArgumentException">It is over a limit: the peer would end the connection. Nothing was sent.</exception>
    public ValueTask SendFileAsync<TMessage>(
        FrameType type, uint attachment, uint correlation, TMessage message, KvFile file, CancellationToken cancellationToken)
        where TMessage : IMessage<TMessage> => SendPayloadAsync(type, attachment, correlation, message, new Payload(default, file), cancellationToken);

    /// <summary>Ends both directions at once.</summary>
    public void Abort(string reason) => transport.Abort(reason);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => transport.DisposeAsync();

    /// <summary>Sends a frame with a payload, behind those that wait already. Frames without one go before those that wait here.</summary>
    private async ValueTask SendPayloadAsync<TMessage>(
        FrameType type,
        uint attachment,
        uint correlation,
        TMessage message,
        Payload payload,
        CancellationToken cancellationToken)
        where TMessage : IMessage<TMessage>
    {
        await _sendingPayload.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await SendNextAsync(type, attachment, correlation, message, payload, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _sendingPayload.Release();
        }
    }

    /// <summary>Sends a frame behind those that wait already.</summary>
    private async ValueTask SendNextAsync<TMessage>(
        FrameType type,
        uint attachment,
        uint correlation,
        TMessage message,
        Payload payload,
        CancellationToken cancellationToken)
        where TMessage : IMessage<TMessage>
    {
        // Only waiting for the turn can be given up: half a frame would end the connection.
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Volatile.Write(ref _sendSince, timeProvider.GetTimestamp());
            var length = Encode(type, attachment, correlation, message, payload.Length);
            var head = _scratch.AsMemory(0, length);
            if (payload.File is { } file)
            {
                await transport.WriteFileAsync(head, file).ConfigureAwait(false);
            }
            else
            {
                await transport.WriteAsync(head, payload.Bytes).ConfigureAwait(false);
            }

            if (_scratch.Length > KeptScratchBytes)
            {
                _scratch = new byte[1024];
            }
        }
        finally
        {
            Volatile.Write(ref _sendSince, 0);
            Volatile.Write(ref _lastSent, timeProvider.GetTimestamp());
            _sending.Release();
        }
    }

    /// <summary>Fills a buffer of a body in parts: each tells that the peer lives, however slow it is.</summary>
    /// <returns>Bytes filled: all, unless it was stopped.</returns>
    private async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken stop)
    {
        for (var filled = 0; ;)
        {
            var part = buffer.Slice(filled, Math.Min(buffer.Length - filled, PartBytes));
            var received = await transport.ReadAsync(part, stop).ConfigureAwait(false);
            filled += received;
            if (received < part.Length && !stop.IsCancellationRequested)
            {
                throw Ended(buffer.Length - filled);
            }

            Volatile.Write(ref _lastReceived, timeProvider.GetTimestamp());
            if (received < part.Length || filled == buffer.Length)
            {
                return filled;
            }
        }
    }

    private static EndOfStreamException Ended(int missing) => new($"The peer closed {missing} bytes before the end of a header or a body.");

    private int Encode<TMessage>(FrameType type, uint attachment, uint correlation, TMessage message, int payloadLength)
        where TMessage : IMessage<TMessage>
    {
        var headLength = message.EncodedLength;
        if (headLength > FrameLimits.MaxControlBytes || payloadLength > FrameLimits.MaxPayloadBytes)
        {
            throw new ArgumentException(
                $"A {type} frame of {headLength} bytes and a payload of {payloadLength} is over the limit of "
                + $"{FrameLimits.MaxControlBytes} and {FrameLimits.MaxPayloadBytes}; send several.",
                nameof(message));
        }

        var length = FrameHeader.SizeBytes + headLength;
        if (_scratch.Length < length)
        {
            _scratch = new byte[BufferPool.Round(length)];
        }

        var head = _scratch.AsSpan(FrameHeader.SizeBytes, headLength);
        var writer = new MessageWriter(head);
        message.Write(ref writer);
        if (writer.Free != 0)
        {
            throw new InvalidOperationException($"{typeof(TMessage).Name} left {writer.Free} bytes unwritten.");
        }

        new FrameHeader(
            type, attachment, correlation, headLength + payloadLength, headLength, XxHash3.HashToUInt64(head), TMessage.Flags)
            .Write(_scratch);
        return length;
    }

    /// <summary>A frame's payload: bytes in memory, or in a file.</summary>
    private readonly record struct Payload(ReadOnlyMemory<byte> Bytes, KvFile? File)
    {
        public int Length => File?.Length ?? Bytes.Length;
    }
}
