using System.Net;
using System.Net.Sockets;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>
/// The server's end of a connection, byte by byte: for what a real server does not do at a moment that a test can choose. It writes and reads
/// on the newest connection; those before stay open, and silent.
/// </summary>
internal sealed class FakeSilo : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _before = []; // Held: a socket that nobody holds is closed by the garbage collector.
    private Socket? _socket;

    /// <summary>Features that it says it has, whatever the client said.</summary>
    public ulong Features { get; init; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Where it listens.</summary>
    public DataPlaneEndpoint Endpoint
    {
        get
        {
            _listener.Start();
            return new DataPlaneEndpoint("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);
        }
    }

    /// <summary>Lets a client connect, as a silo of some version.</summary>
    /// <returns>The client's attempt.</returns>
    public async Task<Task<DataPlaneClient>> WelcomeAsync(ushort version, TimeProvider? clock = null)
    {
        var connecting = DataPlaneClient.ConnectAsync(
            Endpoint, "t", "", new DataPlaneClientOptions(), clock ?? TimeProvider.System, null, Token);
        await AcceptAsync();
        await GreetAsync(version);
        return connecting;
    }

    /// <summary>Waits for a connection and its greeting.</summary>
    public async Task AcceptAsync()
    {
        if (_socket is not null)
        {
            _before.Add(_socket);
        }

        _socket = await _listener.AcceptSocketAsync(Token);
        _socket.NoDelay = true;
        await ReceiveAsync(FrameType.Hello);
    }

    /// <summary>Answers the greeting.</summary>
    public Task GreetAsync(ushort version = Hello.CurrentVersion) =>
        SendAsync(RawFrame.Of(FrameType.Welcome, new Welcome(version, Features, 8, 8, 1 << 20), 0, 0));

    /// <summary>Closes the connection.</summary>
    public void Close() => _socket?.Dispose();

    /// <summary>Lets a client connect, and attach a reader.</summary>
    public async Task<(DataPlaneClient Client, DataPlaneAttachment Reader)> AttachAsync(ToyRuntime runtime, TimeProvider? clock = null)
    {
        var client = await await WelcomeAsync(Hello.CurrentVersion, clock);
        var attaching = client.AttachReaderAsync("c/1", new Observer(), Token);
        var attach = await ReceiveAsync(FrameType.AttachReader);
        await SendAsync(RawFrame.Of(
            FrameType.Attached,
            new Attached(1, 1, new Watermarks(1000, 1000), runtime.Fingerprint.Value, 64, new byte[32], 0),
            0,
            attach.Correlation));
        return (client, await attaching);
    }

    /// <summary>Waits for a frame of a kind; others are passed over.</summary>
    public async Task<FrameHeader> ReceiveAsync(FrameType type)
    {
        while (true)
        {
            var header = FrameHeader.Read(await ReceiveAsync(FrameHeader.SizeBytes));
            await ReceiveAsync(header.Length);
            if (header.Type == type)
            {
                return header;
            }
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[(await _socket!.SendAsync(bytes, Token))..];
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket?.Dispose();
        _before.ForEach(socket => socket.Dispose());
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<byte[]> ReceiveAsync(int length)
    {
        var bytes = new byte[length];
        for (var filled = 0; filled < length;)
        {
            var count = await _socket!.ReceiveAsync(bytes.AsMemory(filled), Token);
            Assert.True(count > 0, "the client closed");
            filled += count;
        }

        return bytes;
    }
}
