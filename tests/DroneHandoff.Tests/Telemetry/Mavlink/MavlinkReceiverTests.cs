using System.Net;
using System.Net.Sockets;
using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>The socket and the queue.</summary>
public sealed class MavlinkReceiverTests
{
    private const int Queued = 8;
    private const int Sent = 100;

    // The reader is slow: the newest readings are there for it, and what it missed is counted.
    [Fact]
    public async Task Readings_NobodyTakesThem_TheOldestAreDroppedAndCounted()
    {
        await using var receiver = Start(Queued);
        using var drone = Connect(receiver);
        await drone.SendAsync(MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0), Token);
        for (var index = 1; index <= Sent; index++)
        {
            await drone.SendAsync(MavlinkPackets.Version2(33, MavlinkPackets.Position((uint)index), (byte)index), Token);
        }

        while (receiver.Report.Counts.Readings < Sent)
        {
            await Task.Yield();
        }

        for (var index = Sent - Queued; index < Sent; index++)
        {
            Assert.Equal(index, (await receiver.Readings.ReadAsync(Token)).Index);
        }

        Assert.False(receiver.Readings.TryRead(out _));
        Assert.Equal((Sent, Sent - Queued, 0), (receiver.Report.Counts.Readings, receiver.Report.Counts.Dropped, receiver.Report.Counts.Lost));
    }

    [Fact]
    public async Task DisposeAsync_WhileReceiving_EndsTheReadingsAndFreesThePort()
    {
        var receiver = Start();
        var place = receiver.LocalEndPoint;

        await receiver.DisposeAsync();

        await receiver.Readings.Completion.WaitAsync(Token);
        using var again = new MavlinkEndpoint("again", place, null).Bind();
    }

    // The largest datagram, an empty one, and one that says it is longer than it is.
    [Fact]
    public async Task Receive_DatagramsOfEverySize_GoesOn()
    {
        await using var receiver = Start();
        using var drone = Connect(receiver);
        await drone.SendAsync(new byte[65_507], Token);
        await drone.SendAsync(Array.Empty<byte>(), Token);
        await drone.SendAsync(new byte[] { 0xFD, 0xFF, 0, 0 }, Token);
        await drone.SendAsync(
            (byte[])[
                .. MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0),
                .. MavlinkPackets.Version2(33, MavlinkPackets.Position(1), 1),
            ],
            Token);

        Assert.Equal(0, (await receiver.Readings.ReadAsync(Token)).Index);

        var counts = receiver.Report.Counts;
        Assert.Equal((4, 65_507, 1, 1), (counts.Datagrams, counts.ForeignBytes, counts.Cut, counts.Readings));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static MavlinkReceiver Start(int maxQueued = MavlinkReceiver.MaxQueued) =>
        MavlinkReceiver.Start(new MavlinkEndpoint("test", new IPEndPoint(IPAddress.Loopback, 0), null), maxQueued);

    private static UdpClient Connect(MavlinkReceiver receiver)
    {
        var client = new UdpClient(AddressFamily.InterNetwork);
        client.Connect(receiver.LocalEndPoint);
        return client;
    }
}
