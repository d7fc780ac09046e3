using DroneHandoff.Telemetry;
using Swarm.Testing;

namespace DroneHandoff.Tests.Telemetry;

/// <summary>A live flight in a file: every reading comes back as it was, as soon as it is whole.</summary>
public sealed class GrowingFlightTests
{
    [Fact]
    public void Read_SeededReadings_ComeBackInEveryBit()
    {
        var random = new SeededTest().Random;
        var record = new byte[ReadingRecord.SizeBytes];
        for (var index = 0; index < 2_000; index++)
        {
            var reading = Create(random, index);
            ReadingRecord.Write(reading, record);

            Assert.Equal(reading, ReadingRecord.Read(record, index));
        }
    }

    // More than it reads at once, and half a record at the end.
    [Fact]
    public async Task ReadingAt_FileThatGrows_GivesWhatIsWhole()
    {
        using var folder = new TempDirectory();
        var path = folder.Combine($"live{GrowingFlight.Extension}");
        var random = new SeededTest().Random;
        var readings = Enumerable.Range(0, 1_300).Select(index => Create(random, index)).ToArray();
        byte[] bytes = [.. readings.SelectMany(Bytes)];
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var flight = new GrowingFlight(path);

        Assert.Throws<InvalidOperationException>(() => flight.ReadingAt(0));
        file.Write(bytes.AsSpan(0, (1_100 * ReadingRecord.SizeBytes) + 7));
        Assert.Equal(readings[..1_100], Enumerable.Range(0, 1_100).Select(index => flight.ReadingAt(index)));
        var next = flight.WaitForAsync(1_299).AsTask();
        Assert.False(next.IsCompleted);
        Assert.Contains("Reading 1100 has not come yet", Assert.Throws<InvalidOperationException>(() => flight.ReadingAt(1_100)).Message, StringComparison.Ordinal);
        file.Write(bytes.AsSpan((1_100 * ReadingRecord.SizeBytes) + 7));
        await next;

        Assert.Equal(readings[1_100..], Enumerable.Range(1_100, 200).Select(index => flight.ReadingAt(index)));
    }

    [Theory]
    [InlineData("/tmp/live.readings", true)]
    [InlineData("flight.SRT", false)]
    public void Is_Path_TellsByItsEnd(string path, bool expected) => Assert.Equal(expected, GrowingFlight.Is(path));

    private static byte[] Bytes(TelemetryReading reading)
    {
        var record = new byte[ReadingRecord.SizeBytes];
        ReadingRecord.Write(reading, record);
        return record;
    }

    private static TelemetryReading Create(Random random, long index)
    {
        double? Maybe(double most) => random.Next(3) == 0 ? null : random.NextDouble() * most;
        return new TelemetryReading(
            index,
            new TimeSpan(random.NextInt64(1L << 40)),
            random.Next(3) == 0 ? null : new GeoPosition(random.NextDouble() * 90, random.NextDouble() * 180),
            Maybe(5000),
            Maybe(50),
            Maybe(9))
        {
            HomeHeightMetres = Maybe(500),
            HeadingDegrees = Maybe(360),
            AirSpeed = Maybe(50),
            Attitude = random.Next(3) == 0 ? null : new VehicleAttitude(random.NextDouble(), random.NextDouble(), random.NextDouble()),
            BatteryPercent = random.Next(3) == 0 ? null : random.Next(101),
            BatteryVolts = Maybe(50),
        };
    }
}
