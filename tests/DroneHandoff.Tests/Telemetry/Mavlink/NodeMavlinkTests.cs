using System.Globalization;
using System.Net;
using System.Text.Json;
using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;
using Swarm.Testing;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>What <c>node-mavlink</c> sends, which nobody here wrote, over a real socket.</summary>
public sealed class NodeMavlinkTests
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);

    [Fact]
    public async Task Definitions_OfNodeMavlink_AreOurs()
    {
        var theirs = JsonSerializer.Deserialize<MavlinkDefinition[]>(await MavlinkSender.ReadDefinitionsAsync(Token), _json)!;

        Assert.Equal(MavlinkDefinition.All.OrderBy(one => one.Id), theirs.OrderBy(one => one.Id));
    }

    // 5 % lost, 0.5 % damaged, 0.5 % late, 1 % repeated, and foreign packets of every kind. A long run at a pace is asked for by the
    // variables SWARM_MAVLINK_MESSAGES and SWARM_MAVLINK_RATE: 30000 and 50 are ten minutes.
    [Fact]
    public async Task Readings_OfADisturbedFlight_AreExactlyThoseThatCameAndAllIsCounted()
    {
        var messages = Number("SWARM_MAVLINK_MESSAGES", 3_000);
        var rate = Number("SWARM_MAVLINK_RATE", 0);
        await using var receiver = MavlinkReceiver.Start(new MavlinkEndpoint("test", new IPEndPoint(IPAddress.Loopback, 0), null));
        await using var sender = await MavlinkSender.StartAsync(
            receiver.LocalEndPoint.Port, new SeededTest().Seed, messages, rate, cancellationToken: Token);
        uint? start = null;
        var index = 0;
        while (await sender.ReadLineAsync(Token) is { } line)
        {
            using var told = JsonDocument.Parse(line);
            if (told.RootElement.TryGetProperty("counts", out var counts))
            {
                Assert.Equal(counts.Deserialize<MavlinkCounts>(_json), receiver.Report.Counts);
                TestContext.Current.TestOutputHelper?.WriteLine(line);
                TestContext.Current.TestOutputHelper?.WriteLine(receiver.Report.Counts.Describe());
                Assert.Equal(((byte)1, (byte)1), (receiver.Report.System, receiver.Report.Component));
                Assert.False(receiver.Readings.TryRead(out _));
                return;
            }

            foreach (var sent in told.RootElement.GetProperty("readings").EnumerateArray().Select(one => one.Deserialize<Sent>(_json)!))
            {
                start ??= sent.TimeBootMs;
                Assert.Equal(sent.ToReading(index++, start.Value), await receiver.Readings.ReadAsync(Token));
            }

            await sender.GoOnAsync();
        }

        Assert.Fail("The sender ended without its counts.");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private sealed record SentAttitude(double? Roll, double Pitch, double Yaw);

    private sealed record SentHud(double? AirSpeed, double? GroundSpeed, double Climb, int Heading);

    private sealed record SentBattery(int[] Cells, bool IsMeasured, int Remaining);

    // As it went over the wire; unknown values as MAVLink marks them.
    private sealed record Sent(
        uint TimeBootMs,
        int Lat,
        int Lon,
        int Alt,
        int RelativeAlt,
        int Vx,
        int Vy,
        int Vz,
        int Hdg,
        SentAttitude? Attitude,
        SentHud? Hud,
        SentBattery? Battery)
    {
        private const int Unknown = 32_767;

        public TelemetryReading ToReading(int index, uint start)
        {
            var hasFix = (Lat, Lon) != (0, 0);
            return new TelemetryReading(
                index,
                TimeSpan.FromMilliseconds(TimeBootMs - start),
                hasFix ? new GeoPosition(Lat / 1e7, Lon / 1e7) : null,
                hasFix ? Alt / 1e3 : null,
                !hasFix ? null : Vx == Unknown ? Hud?.GroundSpeed : Math.Sqrt(((double)Vx * Vx) + ((double)Vy * Vy)) / 100,
                !hasFix ? null : Vz == Unknown ? Hud?.Climb : -Vz / 100.0)
            {
                HomeHeightMetres = hasFix ? RelativeAlt / 1e3 : null,
                HeadingDegrees = Hdg != 65_535 ? Hdg / 100.0 : Hud is null or { Heading: -1 } ? null : Hud.Heading % 360,
                AirSpeed = Hud?.AirSpeed,
                Attitude = Attitude is { Roll: { } roll } known ? new VehicleAttitude(roll, known.Pitch, known.Yaw) : null,
                BatteryPercent = Battery is null or { Remaining: -1 } ? null : Battery.Remaining,
                BatteryVolts = Battery is { IsMeasured: true } ? Battery.Cells.Sum() / 1e3 : null,
            };
        }
    }
}
