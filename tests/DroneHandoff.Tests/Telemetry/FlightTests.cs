using DroneHandoff.Telemetry;

namespace DroneHandoff.Tests.Telemetry;

/// <summary>The endless flight: forth, back, forth.</summary>
public sealed class FlightTests
{
    [Fact]
    public void ReadingAt_BehindTheEnd_FliesBackAndForth()
    {
        var flight = new Flight("test", [At(0, 1), At(10, 2), At(30, 3)]);

        var latitudes = Enumerable.Range(0, 9).Select(i => flight.ReadingAt(i).Position!.Value.Latitude);
        var times = Enumerable.Range(0, 9).Select(i => flight.ReadingAt(i).Elapsed.TotalMilliseconds);

        Assert.Equal([1, 2, 3, 2, 1, 2, 3, 2, 1], latitudes);
        Assert.Equal([0, 10, 30, 50, 60, 70, 90, 110, 120], times);
        Assert.Equal(8, flight.ReadingAt(8).Index);
    }

    [Fact]
    public void ReadingAt_OneReading_RepeatsIt()
    {
        var flight = new Flight("test", [At(0, 1)]);

        Assert.Equal(At(0, 1) with { Index = 7 }, flight.ReadingAt(7));
    }

    [Fact]
    public void Load_DefaultRecording_HoldsEnoughFor16384Positions()
    {
        var flight = Flight.Load(Path.Combine(Recordings.Folder, "m2zoom.SRT"));

        Assert.True(DroneHandoff.Tokens.TokenVocabulary.TokensOf(flight.RecordedCount) >= 16_384);
        Assert.Equal("m2zoom.SRT", flight.Source);
    }

    [Fact]
    public void Constructor_NoReadings_Throws() =>
        Assert.Throws<ArgumentException>(() => new Flight("test", []));

    private static TelemetryReading At(int milliseconds, double latitude) =>
        new(0, TimeSpan.FromMilliseconds(milliseconds), new GeoPosition(latitude, 0), null, null, null);
}
