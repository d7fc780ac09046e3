using System.Net.Sockets;
using Swarm.DataPlane.Frames;
using Xunit;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>A client's end of one connection, byte by byte.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Connects to a server; nothing is sent yet.</summary>
    public static async Task<RawPeer> ConnectAsync(TestServer server)
    {
        var peer = new RawPeer();
        await peer._socket.ConnectAsync(server.Endpoint.Host, server.Endpoint.Port, Token);
        return peer;
    }

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(byte[] bytes) => Assert.Equal(bytes.Length, await _socket.SendAsync(bytes, Token));

    /// <summary>Waits for a frame of a kind, and returns its body; others are passed over.</summary>
    public async Task<byte[]> ReceiveAsync(FrameType type)
    {
        while (true)
        {
            var header = FrameHeader.Read(await ReceiveAsync(FrameHeader.SizeBytes));
            var body = await ReceiveAsync(header.Length);
            if (header.Type == type)
            {
                return body;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> ReceiveAsync(int length)
    {
        var bytes = new byte[length];
        for (var filled = 0; filled < length;)
        {
            var count = await _socket.ReceiveAsync(bytes.AsMemory(filled), Token);
            Assert.True(count > 0, "the server closed before it answered");
            filled += count;
        }

        return bytes;
    }
}
