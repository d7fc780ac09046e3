using System.Net;
using System.Net.Sockets;
using Swarm.Benchmarks.Paths;

namespace Swarm.Benchmarks.References;

/// <summary>A plain TCP connection on loopback, received straight into place.</summary>
internal sealed class PlainSocket : IDisposable
{
    private const int Piece = 1 << 20;

    private readonly Socket _near;
    private readonly Socket _far;

    private PlainSocket(Socket near, Socket far) => (_near, _far) = (near, far);

    /// <summary>Connects.</summary>
    public static async Task<PlainSocket> ConnectAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await near.ConnectAsync(listener.LocalEndpoint);
        return new PlainSocket(near, await listener.AcceptSocketAsync());
    }

    /// <summary>Sends all of it, and receives all of it at the other end.</summary>
    public async Task RunAsync(KvMemory source, KvMemory destination)
    {
        var sending = Task.Run(async () =>
        {
            for (long offset = 0; offset < source.Bytes;)
            {
                offset += await _far.SendAsync(source.Memory(offset, Piece));
            }
        });
        for (long offset = 0; offset < destination.Bytes;)
        {
            offset += await _near.ReceiveAsync(destination.Memory(offset, Piece));
        }

        await sending;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }
}
