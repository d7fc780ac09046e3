using System.Buffers.Binary;
using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;
using Swarm.Testing;
using Swarm.Testing.Fuzzing;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>From datagrams to readings: who is followed, what a reading holds, what time it is, and that all is counted.</summary>
public sealed class MavlinkStreamTests
{
    private static readonly byte[] _heartbeat = MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0);

    [Fact]
    public void Accept_EveryMessage_IsInTheReading()
    {
        var (readings, _) = MavlinkPackets.Read(
            null, _heartbeat, Attitude(1), Hud(2, 12.5f, 90), Battery(3, 0, [4100, 4000], 81), Battery(4, 1, [3000], 5), Position(5, 1000));

        var reading = Assert.Single(readings);
        Assert.Equal(
            new TelemetryReading(0, TimeSpan.Zero, new GeoPosition(47.397742, 8.5455939), 488, 0, 0)
            {
                HomeHeightMetres = 0,
                HeadingDegrees = 90,
                AirSpeed = 12.5,
                Attitude = new VehicleAttitude(0.5f, -0.25f, 1.5f),
                BatteryPercent = 81,
                BatteryVolts = 8.1,
            },
            reading);
    }

    [Fact]
    public void Accept_UnknownMarkers_AreNoValues()
    {
        var position = MavlinkPackets.Position(1000);
        BinaryPrimitives.WriteInt16LittleEndian(position.AsSpan(20), short.MaxValue);
        BinaryPrimitives.WriteInt16LittleEndian(position.AsSpan(24), short.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(position.AsSpan(26), ushort.MaxValue);
        var packet = MavlinkPackets.Version2(33, position, 4);

        var (without, _) = MavlinkPackets.Read(null, _heartbeat, Attitude(1, float.NaN), Battery(2, 0, [], -1), packet);
        var (with, _) = MavlinkPackets.Read(null, _heartbeat, Hud(1, float.NaN, 360), packet);
        var (neither, _) = MavlinkPackets.Read(null, _heartbeat, Hud(1, -1, -1), packet);

        Assert.Equal(
            new TelemetryReading(0, TimeSpan.Zero, new GeoPosition(47.397742, 8.5455939), 488, null, null) { HomeHeightMetres = 0 },
            Assert.Single(without));
        Assert.Equal(
            new double?[] { 0, 3, 1, null }, new[] { with[0].HeadingDegrees, with[0].HorizontalSpeed, with[0].VerticalSpeed, with[0].AirSpeed });
        Assert.Null(neither[0].HeadingDegrees);
        Assert.Null(neither[0].AirSpeed);
    }

    [Fact]
    public void Accept_NoFix_IsAReadingWithoutPlaceHeightAndSpeed()
    {
        var (readings, stream) = MavlinkPackets.Read(
            null, _heartbeat, MavlinkPackets.Version2(33, MavlinkPackets.Position(1000, 0, 0, 0), 1), Position(2, 1020));

        Assert.Equal(new TelemetryReading(0, TimeSpan.Zero, null, null, null, null) { HeadingDegrees = 90 }, readings[0]);
        Assert.NotNull(readings[1].Position);
        Assert.Equal((2, 1), (stream.Counts.Readings, stream.Counts.WithoutFix));
    }

    [Theory]
    [InlineData(900_000_001, 0)]
    [InlineData(-900_000_001, 0)]
    [InlineData(0, 1_800_000_001)]
    [InlineData(int.MaxValue, int.MinValue)]
    public void Accept_PlaceOffTheEarth_IsCountedAndNoReading(int latitude, int longitude)
    {
        var (readings, stream) = MavlinkPackets.Read(
            null, _heartbeat, MavlinkPackets.Version2(33, MavlinkPackets.Position(1000, latitude, longitude), 1));

        Assert.Empty(readings);
        Assert.Equal(1, stream.Counts.OffEarth);
    }

    [Fact]
    public void Accept_OldNews_IsNotBelieved()
    {
        var (readings, _) = MavlinkPackets.Read(
            null, _heartbeat, Position(1, 1000), Battery(2, 0, [4100], 81), Position(3, 6000), Position(4, 6001));

        Assert.Equal([null, 81, null], readings.Select(reading => reading.BatteryPercent));
    }

    // 4,294,967,290 ms, over the clock's end, a restart, and a jump of a day.
    [Fact]
    public void Accept_ClockOfTheDrone_IsTheTimeAndNeverGoesBack()
    {
        var (readings, _) = MavlinkPackets.Read(
            null,
            _heartbeat,
            Position(1, uint.MaxValue - 5),
            Position(2, 14),
            Position(3, 5_014),
            Position(4, 100),
            Position(5, 150),
            Position(6, 86_400_150),
            Position(7, 86_400_160));

        Assert.Equal([0, 20, 5_020, 5_020, 5_070, 5_070, 5_080], readings.Select(reading => reading.Elapsed.TotalMilliseconds));
        Assert.Equal(Enumerable.Range(0, 7).Select(index => (long)index), readings.Select(reading => reading.Index));
    }

    [Fact]
    public void Accept_SeveralSystems_FollowsTheFirstAutopilot()
    {
        var ground = MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(6, 8), 0, system: 255);
        var camera = MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(30, 8), 0, system: 2, component: 100);
        var other = MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 0, system: 3);
        var othersPosition = MavlinkPackets.Version2(33, MavlinkPackets.Position(1), 1, system: 3);
        var camerasPosition = MavlinkPackets.Version2(33, MavlinkPackets.Position(1), 1, component: 100);
        byte[][] datagrams = [ground, camera, Position(1, 1000), _heartbeat, other, othersPosition, camerasPosition, Position(1, 1000)];

        var (readings, stream) = MavlinkPackets.Read(null, datagrams);
        var (readings3, stream3) = MavlinkPackets.Read(3, datagrams);

        Assert.Equal(((byte)1, (byte)1), stream.Followed);
        Assert.Single(readings);
        Assert.Equal((3, 2, 1), (stream.Counts.BeforeHeartbeat, stream.Counts.ForeignSystems, stream.Counts.OtherComponents));
        Assert.Equal(((byte)3, (byte)1), stream3.Followed);
        Assert.Single(readings3);
        Assert.Equal((4, 2), (stream3.Counts.BeforeHeartbeat, stream3.Counts.ForeignSystems));
    }

    [Fact]
    public void Accept_RepeatedAndLatePackets_MakeNoReading()
    {
        var (readings, stream) = MavlinkPackets.Read(
            null, _heartbeat, Position(1, 1000), Position(1, 1000), Position(3, 1040), Position(2, 1020), Position(2, 1020), Position(5, 1080));

        Assert.Equal([0, 40, 80], readings.Select(reading => reading.Elapsed.TotalMilliseconds));
        Assert.Equal((1, 2, 1, 0), (stream.Counts.Lost, stream.Counts.Repeated, stream.Counts.Late, stream.Counts.Restarts));
    }

    // Most of what a real autopilot sends: its numbers are taken, and it is not lost.
    [Fact]
    public void Accept_MessagesThatAreNotUnderstood_AreNotLost()
    {
        var (readings, stream) = MavlinkPackets.Read(
            null, _heartbeat, MavlinkPackets.Version2(24, [1, 2, 3], 1), MavlinkPackets.Version2(141, [1, 2, 3], 2), Position(4, 1000));

        Assert.Single(readings);
        Assert.Equal((2, 1), (stream.Counts.UnknownMessages, stream.Counts.Lost));
    }

    [Fact]
    public void Accept_RestartedSender_GoesOn()
    {
        var (readings, stream) = MavlinkPackets.Read(
            null, [_heartbeat, .. Enumerable.Range(1, 40).Select(index => Position((byte)index, (uint)(1000 + index))), Position(3, 7), Position(4, 9)]);

        Assert.Equal(42, readings.Count);
        Assert.Equal(1, stream.Counts.Restarts);
        Assert.Equal(TimeSpan.FromMilliseconds(2), readings[^1].Elapsed - readings[^3].Elapsed);
    }

    // A hostile sender: no exception, readings that are sound, and counts that add up.
    [Fact]
    public void Accept_SeededDamage_AddsUp()
    {
        var random = new SeededTest().Random;
        var readings = new List<TelemetryReading>();
        var stream = new MavlinkStream(null, readings.Add);
        stream.Accept(_heartbeat);
        for (var round = 0; round < 20_000; round++)
        {
            byte[] sound =
            [
                .. Position((byte)round, (uint)(round * 20)), .. Hud((byte)random.Next(256), 3, 5), .. Battery((byte)random.Next(256), 0, [4100], 50),
                .. MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), (byte)random.Next(256), system: (byte)random.Next(256)),
            ];
            stream.Accept(random.Next(3) == 0 ? sound : Mutator.Mutate(sound, random));
        }

        var counts = stream.Counts;
        Assert.Equal(counts.Packets, counts.Heartbeats + counts.Positions + counts.Attitudes + counts.Huds + counts.Batteries);
        Assert.Equal(readings.Count, counts.Readings);
        Assert.InRange(counts.Readings, 1, counts.Positions);
        Assert.True(counts is { BadChecksums: > 0, Cut: > 0, ForeignBytes: > 0, UnknownMessages: > 0, Lost: >= 0 }, counts.Describe());
        Assert.All(readings.Zip(readings.Skip(1)), pair => Assert.True(pair.First.Elapsed <= pair.Second.Elapsed));
        Assert.All(readings, reading => Assert.InRange(reading.Position?.Latitude ?? 0, -90, 90));
    }

    [Fact]
    public void Accept_Packets_AllocatesNothing()
    {
        var count = 0;
        var stream = new MavlinkStream(null, _ => count++);
        stream.Accept(_heartbeat);
        byte[] datagram = [.. Position(1, 1000), .. Attitude(2), .. Hud(3, 1, 2), .. Battery(4, 0, [4100], 5)];
        stream.Accept(datagram);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++)
        {
            stream.Accept(datagram);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1, count);
    }

    private static byte[] Position(byte sequence, uint bootMilliseconds) =>
        MavlinkPackets.Version2(33, MavlinkPackets.Position(bootMilliseconds), sequence);

    private static byte[] Attitude(byte sequence, float roll = 0.5f)
    {
        var payload = new byte[28];
        BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(4), roll);
        BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(8), -0.25f);
        BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(12), 1.5f);
        return MavlinkPackets.Version2(30, payload, sequence);
    }

    private static byte[] Hud(byte sequence, float airSpeed, short heading)
    {
        var payload = new byte[20];
        BinaryPrimitives.WriteSingleLittleEndian(payload, airSpeed);
        BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(4), 3);
        BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(12), 1);
        BinaryPrimitives.WriteInt16LittleEndian(payload.AsSpan(16), heading);
        return MavlinkPackets.Version2(74, payload, sequence);
    }

    private static byte[] Battery(byte sequence, byte id, ushort[] millivolts, sbyte percent)
    {
        var payload = new byte[54];
        for (var cell = 0; cell < 10; cell++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(
                payload.AsSpan(10 + (2 * cell)), cell < millivolts.Length ? millivolts[cell] : ushort.MaxValue);
        }

        payload[32] = id;
        payload[35] = (byte)percent;
        return MavlinkPackets.Version2(147, payload, sequence);
    }
}
