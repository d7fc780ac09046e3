using System.Net;
using System.Net.Sockets;
using DroneHandoff.Options;
using DroneHandoff.Orchestration;
using DroneHandoff.Processes;
using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;
using DroneHandoff.Tests.Telemetry.Mavlink;

namespace DroneHandoff.Tests.Orchestration;

/// <summary>A drone's readings on their way to the roles, and what is said when none come.</summary>
public sealed class SensorFeedTests
{
    private static readonly TimeSpan _silence = TimeSpan.FromMilliseconds(300);

    public static TheoryData<string, byte[][], string> Silent => new()
    {
        { "", [], "Received: nothing at all. Start the drone" },
        { "", ["hello"u8.ToArray()], "Received: 1 datagrams, 5 bytes, 5 foreign bytes. None of it is a packet of MAVLink" },
        {
            "",
            [MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(6, 8), 0, system: 255)],
            "1 packets, 1 HEARTBEAT, 1 before an autopilot's heartbeat. No autopilot that is to be followed sent a HEARTBEAT"
        },
        {
            "?system=9",
            [MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0), MavlinkPackets.Version2(33, MavlinkPackets.Position(1), 1)],
            "2 before an autopilot's heartbeat. No autopilot that is to be followed"
        },
        {
            "",
            [MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0), MavlinkPackets.Version2(24, [1], 1)],
            "1 of other messages. The autopilot sent no GLOBAL_POSITION_INT"
        },
    };

    [Theory]
    [MemberData(nameof(Silent))]
    public async Task WaitForAsync_NoReading_SaysWhatCameInstead(string query, byte[][] datagrams, string expected)
    {
        using var folder = new RunFolder();
        await using var feed = Start(folder, query, _silence, out var drone);
        using var _ = drone;
        foreach (var datagram in datagrams)
        {
            await drone.SendAsync(datagram, Token);
        }

        var fault = await Assert.ThrowsAsync<DemoException>(() => feed.WaitForAsync(1, Token));

        Assert.Contains("gave no reading for 0.3 s; 1 are needed, 0 came.", fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitForAsync_ReadingsCome_AreInTheFileForEverybody()
    {
        using var folder = new RunFolder();
        await using var feed = Start(folder, "", SensorFeed.MaxSilence, out var drone);
        using var _ = drone;
        var roles = new[] { new GrowingFlight(feed.Path), new GrowingFlight(feed.Path) };
        await drone.SendAsync(MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0), Token);
        for (var index = 0; index < 50; index++)
        {
            var next = feed.WaitForOneMoreAsync(Token);
            Assert.False(next.IsCompleted);
            await drone.SendAsync(MavlinkPackets.Version2(33, MavlinkPackets.Position((uint)index * 100), (byte)(index + 1)), Token);
            await next;

            Assert.All(roles, role => Assert.Equal(TimeSpan.FromMilliseconds(index * 100), role.ReadingAt(index).Elapsed));
        }

        await feed.WaitForAsync(50, Token);
        Assert.Equal((50, 0), (feed.Report!.Counts.Readings, feed.Report.Counts.Lost));
    }

    [Fact]
    public async Task WaitForAsync_DroneGoesSilent_SaysSo()
    {
        using var folder = new RunFolder();
        await using var feed = Start(folder, "", _silence, out var drone);
        using var _ = drone;
        await drone.SendAsync(
            (byte[])[.. MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0), .. MavlinkPackets.Version2(33, MavlinkPackets.Position(1), 1)], Token);
        await feed.WaitForAsync(1, Token);

        var fault = await Assert.ThrowsAsync<DemoException>(() => feed.WaitForAsync(2, Token));

        Assert.Contains("2 are needed, 1 came.", fault.Message, StringComparison.Ordinal);
        Assert.Contains("The drone went silent.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortInUse_SaysSo()
    {
        using var folder = new RunFolder();
        await using var feed = Start(folder, "", _silence, out var drone);
        using var _ = drone;
        Assert.True(MavlinkEndpoint.TryParse($"udp://{drone.Client.RemoteEndPoint}", out var endpoint, out var __));

        var fault = Assert.Throws<DemoException>(() => SensorFeed.Start(new LiveSensor(endpoint), folder));

        Assert.Contains("is in use", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitForAsync_Recording_NeverWaits()
    {
        using var folder = new RunFolder();
        var path = Path.Combine(Recordings.Folder, "p4_rtk.SRT");
        await using var feed = SensorFeed.Start(new RecordedSensor(path, Flight.Load(path)), folder);

        Assert.True(feed.WaitForAsync(long.MaxValue, Token).IsCompletedSuccessfully);
        Assert.Equal((path, null), (feed.Path, feed.Report));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // On a port that was free just now: somebody else may still win it, and the test says so.
    private static SensorFeed Start(RunFolder folder, string query, TimeSpan silence, out UdpClient drone)
    {
        IPEndPoint place;
        using (var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            place = (IPEndPoint)probe.Client.LocalEndPoint!;
        }

        Assert.True(MavlinkEndpoint.TryParse($"udp://{place}{query}", out var endpoint, out var fault), fault);
        drone = new UdpClient(AddressFamily.InterNetwork);
        drone.Connect(place);
        return SensorFeed.Start(new LiveSensor(endpoint), folder, silence);
    }
}
