using DroneHandoff.Telemetry;
using Swarm.Testing;
using Swarm.Testing.Fuzzing;

namespace DroneHandoff.Tests.Telemetry;

/// <summary>Logs of PX4: what becomes a reading, and what is refused, by name and byte.</summary>
public sealed class UlogReaderTests
{
    private const float HalfTurn = 0.70710677f; // Of a quaternion: 90 degrees to the right.

    [Fact]
    public void Read_EstimatedPosition_IsPreferredAndHasWhatOtherTopicsSaid()
    {
        var log = new UlogWriter()
            .Flags()
            .Format(UlogWriter.GlobalPosition).Format(UlogWriter.LocalPosition).Format(UlogWriter.Attitude).Format(UlogWriter.Battery)
            .Format(UlogWriter.OldGps)
            .Subscribe(1, "vehicle_gps_position").Subscribe(2, "vehicle_global_position").Subscribe(3, "vehicle_local_position")
            .Subscribe(4, "vehicle_attitude").Subscribe(5, "battery_status").Subscribe(6, "battery_status", 1)
            .Data(1, 900UL, 1, 2, 3, 0f, 0f, 0f, 0f, (byte)3, (byte)1, (byte)0, (byte)0)
            .Data(3, 950UL, 0f, 0f, -12.5f, 3f, 4f, -1f, (byte)1, (byte)1, (byte)0, (byte)0)
            .Data(4, 960UL, HalfTurn, 0f, 0f, HalfTurn)
            .Data(5, 970UL, 15.5f, 0.734f)
            .Data(6, 970UL, 1f, 0.1f)
            .Data(2, 1_000UL, 47.5, 8.25, 488.5f)
            .Data(2, 51_000UL, 47.5, 8.25, 489f, (byte)0, (byte)0, (byte)0, (byte)0);

        var readings = Read(log.Bytes, out var warnings);

        Assert.Empty(warnings);
        Assert.Equal([0, 50], readings.Select(reading => reading.Elapsed.TotalMilliseconds));
        Assert.Equal([488.5, 489], readings.Select(reading => reading.HeightMetres!.Value));
        var first = readings[0];
        Assert.Equal(
            (new GeoPosition(47.5, 8.25), 5.0, 1.0, 12.5, 73, 15.5),
            (first.Position!.Value, first.HorizontalSpeed!.Value, first.VerticalSpeed!.Value, first.HomeHeightMetres!.Value, first.BatteryPercent!.Value,
                first.BatteryVolts!.Value));
        Assert.Equal(90, first.HeadingDegrees!.Value, 3);
        Assert.Equal(0, first.Attitude!.Value.RollRadians, 6);
        Assert.Equal(0, first.Attitude.Value.PitchRadians, 6);
        Assert.Equal(Math.PI / 2, first.Attitude.Value.YawRadians, 6);
    }

    [Fact]
    public void Read_GpsOfOldAutopilots_IsInItsUnitsAndSaysItsFix()
    {
        var log = new UlogWriter()
            .Format(UlogWriter.OldGps)
            .Subscribe(1, "vehicle_gps_position")
            .Data(1, 0UL, 473_977_420, 85_455_939, 488_250, 9f, 3f, 4f, 0.5f, (byte)3, (byte)1, (byte)0, (byte)0)
            .Data(1, 1_000UL, 473_977_420, 85_455_939, 488_250, 9f, 3f, 4f, 0.5f, (byte)2, (byte)0, (byte)0, (byte)0)
            .Data(1, 2_000UL, 473_977_420, 85_455_939, 488_250, 9f, 3f, 4f, 0.5f, (byte)1, (byte)0, (byte)0, (byte)0);

        Assert.Equal(
            [
                new TelemetryReading(0, TimeSpan.Zero, new GeoPosition(47.397742, 8.5455939), 488.25, 5, -0.5),
                new TelemetryReading(1, TimeSpan.FromMilliseconds(1), new GeoPosition(47.397742, 8.5455939), null, 9, null),
                new TelemetryReading(2, TimeSpan.FromMilliseconds(2), null, null, null, null),
            ],
            Read(log.Bytes, out _));
    }

    [Fact]
    public void Read_GpsOfNewAutopilots_IsInDegreesAndMetres()
    {
        var log = new UlogWriter().Format(UlogWriter.NewGps).Subscribe(1, "sensor_gps", 1).Data(1, 5UL, 47.5, 8.25, 488.5, 2f, (byte)3);

        Assert.Equal(
            new TelemetryReading(0, TimeSpan.Zero, new GeoPosition(47.5, 8.25), 488.5, 2, null), Assert.Single(Read(log.Bytes, out _)));
    }

    // The logger appended to a log whose last message was cut off.
    [Fact]
    public void Read_AppendedData_GoesOnThere()
    {
        var head = Positions(new UlogWriter().Flags(1), 2).Length;
        byte[] cut = [40, 0, (byte)'D', 1, 0, 7];
        var log = Positions(new UlogWriter().Flags(1, head + cut.Length), 2).Raw(cut).Data(1, 99_000UL, 47.0, 8.0, 480f);

        Assert.Equal([0, 1, 99], Read(log.Bytes, out var warnings).Select(reading => reading.Elapsed.TotalMilliseconds));
        Assert.Empty(warnings);
    }

    [Fact]
    public void Read_CutAnywhere_GivesTheWholeReadingsAndAWarning()
    {
        var bytes = Positions(new UlogWriter(), 3).Bytes;
        var all = Read(bytes, out _);
        var firstEnd = Positions(new UlogWriter(), 1).Length;
        for (var length = 0; length < bytes.Length; length++)
        {
            if (length < firstEnd)
            {
                Assert.Throws<TelemetryFormatException>(() => Read(bytes[..length], out _));
                continue;
            }

            var read = Read(bytes[..length], out var warnings);

            Assert.Equal(all.Take(read.Count), read);
            Assert.Equal((length - firstEnd) % ((bytes.Length - firstEnd) / 2) == 0 ? 0 : 1, warnings.Count(text => text.Contains("cut off", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Read_DropoutsAndOldPositions_AreNoted()
    {
        var log = Positions(new UlogWriter(), 2).Message('O', 5, 0).Data(1, 10UL, 47.0, 8.0, 480f).Data(1, 9_000UL, 47.0, 8.0, 480f);

        Assert.Equal([0, 1, 9], Read(log.Bytes, out var warnings).Select(reading => reading.Elapsed.TotalMilliseconds));
        Assert.Equal(
            ["test: the logger could not keep up 1 times, and readings may be missing there.", "test: 1 positions are older than the one before them, and left out."],
            warnings);
    }

    public static TheoryData<byte[], string> Faults => new()
    {
        { "1\n00:00:00,000"u8.ToArray(), "byte 0: expected the header of a ULog file, version 0 or 1" },
        { [0x55, 0x4C, 0x6F, 0x67, 0x01, 0x12, 0x35, 2, .. new byte[8]], "byte 0: expected the header of a ULog file, version 0 or 1 (554C6F67011235 and a version), found 554C6F6701123502" },
        { new UlogWriter().Bytes, "expected data of vehicle_global_position, vehicle_gps_position, sensor_gps, found a log without any topic" },
        {
            new UlogWriter().Format("cpuload:uint64_t timestamp;float load;").Subscribe(1, "cpuload").Data(1, 5UL, 1f).Bytes,
            "found data of 'cpuload' and no position"
        },
        { new UlogWriter().Flags(2).Bytes, "byte 16: expected no features but appended data, found the incompatible flags 0200000000000000" },
        { new UlogWriter().Flags(1, 17).Bytes, "byte 16: expected appended data from byte 59" },
        { Positions(new UlogWriter(), 1).Raw(1, 0, 0xFF, 0).Bytes, "expected a message, whose kind is a capital letter, found the byte 0xFF. The file is damaged" },
        { Positions(new UlogWriter(), 1).Data(1, 4_000_000_000_000UL, 47.0, 8.0, 1f).Bytes, "expected a timestamp within an hour of the one before, found 1111.1 hours" },
        { Positions(new UlogWriter(), 1).Data(1, 2_000UL, 91.0, 8.0, 1f).Bytes, "found 91, 8" },
        { Positions(new UlogWriter(), 1).Data(1, 2_000UL, 47.0).Bytes, "with the field 'lon', found 16 bytes of data without it" },
        { new UlogWriter().Subscribe(1, "sensor_gps").Bytes, "expected the format of 'sensor_gps', found no format 'sensor_gps'" },
        { new UlogWriter().Format("sensor_gps:nested_t x;").Subscribe(1, "sensor_gps").Bytes, "found no format 'nested_t'" },
        { new UlogWriter().Format("sensor_gps:sensor_gps x;").Subscribe(1, "sensor_gps").Bytes, "formats in formats more than 16 deep" },
        { new UlogWriter().Format("sensor_gps:double[99999] x;").Subscribe(1, "sensor_gps").Bytes, "the field 'double[99999] x'" },
        { new UlogWriter().Format("sensor_gps:double[9999] x;").Subscribe(1, "sensor_gps").Bytes, "the format 'sensor_gps' of more than 65535 bytes" },
        { new UlogWriter().Format("nothing").Bytes, "byte 16: expected a format as 'name:type field;', at most 4096 of them, found 'nothing'" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Read_WhatIsNoSoundLog_IsRefusedByPlaceAndName(byte[] log, string expected)
    {
        var fault = Assert.Throws<TelemetryFormatException>(() => Read(log, out _));

        Assert.StartsWith("test, byte ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    // Formats within formats: each is measured once, however often it is named.
    [Fact]
    public void Read_FormatsThatNameEachOtherOften_EndSoon()
    {
        var log = new UlogWriter().Format("f0:uint8_t x;");
        for (var level = 1; level < 14; level++)
        {
            log.Format($"f{level}:{string.Concat(Enumerable.Repeat($"f{level - 1} x;", 2))}");
        }

        log.Format("sensor_gps:uint64_t timestamp;f13 x;uint8_t fix_type;").Subscribe(1, "sensor_gps");

        Assert.Contains("no position", Assert.Throws<TelemetryFormatException>(() => Read(log.Bytes, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeededDamage_GivesSoundReadingsOrATypedError()
    {
        var random = new SeededTest().Random;
        var sound = Positions(new UlogWriter().Flags(), 4).Bytes;
        for (var round = 0; round < 5_000; round++)
        {
            var damaged = Mutator.Mutate(sound, random);
            try
            {
                var readings = Read(damaged, out _);

                Assert.All(readings.Zip(readings.Skip(1)), pair => Assert.True(pair.First.Elapsed <= pair.Second.Elapsed));
                Assert.All(readings, reading => Assert.InRange(reading.Position?.Latitude ?? 0, -90, 90));
            }
            catch (TelemetryFormatException fault)
            {
                Assert.StartsWith("test, byte ", fault.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Load_LogFile_IsAFlight()
    {
        using var folder = new TempDirectory();
        var path = folder.Combine("flight.ulg");
        File.WriteAllBytes(path, Positions(new UlogWriter(), 5).Bytes[..^1]);

        var flight = Flight.Load(path);

        Assert.Equal(("flight.ulg", 4), (flight.Source, flight.RecordedCount));
        Assert.Contains("flight.ulg was cut off in its last message", Assert.Single(flight.Warnings), StringComparison.Ordinal);
    }

    private static UlogWriter Positions(UlogWriter log, int count)
    {
        log.Format(UlogWriter.GlobalPosition).Subscribe(1, "vehicle_global_position");
        for (var index = 0; index < count; index++)
        {
            log.Data(1, (ulong)(1_000 * index), 47.0 + index, 8.0, 480f);
        }

        return log;
    }

    private static List<TelemetryReading> Read(byte[] log, out IReadOnlyList<string> warnings)
    {
        var notes = new RecordingNotes("test");
        using var stream = new MemoryStream(log);
        List<TelemetryReading> readings = [.. UlogReader.Read(stream, "test", notes)];
        warnings = notes.Warnings;
        return readings;
    }
}
