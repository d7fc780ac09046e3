using System.Net.Sockets;
using Swarm.DataPlane.Transport;

namespace Swarm.DataPlane.Client;

/// <summary>A socket: large bodies are received straight into their buffer, payloads sent from where they lie.</summary>
/// <param name="socket">A connected socket, owned by this.</param>
internal sealed class SocketTransport(Socket socket) : ByteTransport
{
    // Headers and small bodies come out of this, so that a small frame costs less than one system call.
    private readonly byte[] _ahead = new byte[16 << 10];
    private int _aheadStart;
    private int _aheadEnd;

    public override async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken stop)
    {
        var filled = 0;
        while (filled < destination.Length)
        {
            if (_aheadStart < _aheadEnd)
            {
                var count = Math.Min(_aheadEnd - _aheadStart, destination.Length - filled);
                _ahead.AsSpan(_aheadStart, count).CopyTo(destination.Span[filled..]);
                _aheadStart += count;
                filled += count;
                continue;
            }

            var rest = destination[filled..];
            var direct = rest.Length >= _ahead.Length;
            int received;
            try
            {
                received = await socket
                    .ReceiveAsync(direct ? rest : _ahead.AsMemory(), SocketFlags.None, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return filled; // The receive took nothing: a socket's receive is cancelled before it takes bytes, or not at all.
            }

            if (received == 0)
            {
                return filled;
            }

            if (direct)
            {
                filled += received;
            }
            else
            {
                (_aheadStart, _aheadEnd) = (0, received);
            }
        }

        return filled;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload)
    {
        await SendAllAsync(head).ConfigureAwait(false);
        await SendAllAsync(payload).ConfigureAwait(false);
    }

    public override void Abort(string reason) => socket.Dispose();

    public override ValueTask DisposeAsync()
    {
        if (socket.Connected)
        {
            try
            {
                socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // The peer was faster.
            }
            catch (ObjectDisposedException)
            {
                // Aborted meanwhile.
            }
        }

        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var sent = await socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false);
            bytes = bytes[sent..];
        }
    }
}
