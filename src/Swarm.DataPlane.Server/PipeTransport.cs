using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Swarm.Core.Contexts;
using Swarm.DataPlane.Transport;

namespace Swarm.DataPlane.Server;

/// <summary>A connection of Kestrel: bytes are received through its pipe, and sent from where they lie.</summary>
/// <remarks>
/// Kestrel itself sends only what is in its output pipe, which stays empty where there is a bare socket: that spares every byte
/// sent a copy. Behind TLS, or another transport, bytes pass through the pipe.
/// </remarks>
internal sealed class PipeTransport : ByteTransport
{
    // Large enough to cost few flushes, small enough that the kernel sends one part while the next is copied.
    private const int WriteChunkBytes = 128 << 10;

    private readonly ConnectionContext _connection;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly Socket? _socket;

    /// <summary>Wraps a connection.</summary>
    /// <param name="connection">The connection; its owner disposes it.</param>
    public PipeTransport(ConnectionContext connection)
    {
        (_connection, _input, _output) = (connection, connection.Transport.Input, connection.Transport.Output);
        if (connection.Features.Get<ITlsHandshakeFeature>() is null && connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
        {
            _socket = socket;
            LocalSocket.Prepare(socket);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken stop)
    {
        var filled = 0;
        while (filled < destination.Length)
        {
            var result = await _input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            var buffer = result.Buffer;
            var count = (int)Math.Min(buffer.Length, destination.Length - filled);
            buffer.Slice(0, count).CopyTo(destination.Span[filled..]);
            _input.AdvanceTo(buffer.GetPosition(count));
            filled += count;
            if (filled < destination.Length && (result.IsCompleted || result.IsCanceled))
            {
                return filled;
            }
        }

        return filled;
    }

    /// <inheritdoc/>
    public override bool SendsFiles => _socket?.AddressFamily == AddressFamily.Unix;

    /// <inheritdoc/>
    public override async ValueTask WriteFileAsync(ReadOnlyMemory<byte> head, KvFile file)
    {
        try
        {
            await SendAllAsync(_socket!, head).ConfigureAwait(false);
            await SendAllAsync(_socket!, file).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw new IOException($"The connection is lost: {exception.Message}", exception);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload)
    {
        if (_socket is not null)
        {
            try
            {
                await SendAllAsync(_socket, head).ConfigureAwait(false);
                await SendAllAsync(_socket, payload).ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                throw new IOException($"The connection is lost: {exception.Message}", exception);
            }
        }

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
        _connection.Abort(new ConnectionAbortedException(reason));
        _input.CancelPendingRead();
        _output.CancelPendingFlush();
    }

    public override async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync().ConfigureAwait(false);
        await _output.CompleteAsync().ConfigureAwait(false);
    }

    private static async ValueTask SendAllAsync(Socket socket, KvFile file)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var sending = new SocketAsyncEventArgs { SendPacketsElements = [new SendPacketsElement(file.Stream, file.Offset, file.Length)] };
        sending.Completed += (_, _) => ended.TrySetResult();
        if (socket.SendPacketsAsync(sending))
        {
            await ended.Task.ConfigureAwait(false);
        }

        if (sending.SocketError == SocketError.Success && sending.BytesTransferred == file.Length)
        {
            return;
        }

        if (!IsOfConnection(sending.SocketError))
        {
            file.GiveUp($"it could not be sent: {sending.SocketError}, {sending.BytesTransferred} of {file.Length} bytes");
        }

        throw new SocketException((int)(sending.SocketError == SocketError.Success ? SocketError.ConnectionAborted : sending.SocketError));
    }

    private static bool IsOfConnection(SocketError error) => error is SocketError.ConnectionReset or SocketError.ConnectionAborted
        or SocketError.Shutdown or SocketError.NotConnected or SocketError.OperationAborted or SocketError.Disconnecting;

    private static async ValueTask SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var sent = await socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false);
            bytes = bytes[sent..];
        }
    }
}
