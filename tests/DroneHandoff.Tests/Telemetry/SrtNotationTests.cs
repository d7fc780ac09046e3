using DroneHandoff.Telemetry;

namespace DroneHandoff.Tests.Telemetry;

/// <summary>Which value is the latitude, which the height: decided by the form of the lines, never by the values.</summary>
public sealed class SrtNotationTests
{
    [Fact]
    public void ReadFile_Matrice300_HasLatitudeFirstAndTheBarometersHeight()
    {
        var read = Recordings.Read("matrice_300.SRT");

        Assert.Equal(new GeoPosition(36.6146, -6.1120), read[0].Position);
        Assert.Equal(0.3, read[0].HeightMetres);
        Assert.Equal(new GeoPosition(36.6153, -6.1130), read[59].Position);
        Assert.Equal(TimeSpan.FromSeconds(59), read[59].Elapsed);
    }

    // Europe, where a swap is plausible, and China, where it is not.
    [Theory]
    [InlineData("GPS(36.6153,-6.1130,0.0M) BAROMETER:83.8M", 36.6153, -6.1130, 83.8)]
    [InlineData("GPS(47.1,8.5,0M) BAROMETER:83.8M", 47.1, 8.5, 83.8)]
    [InlineData("GPS(47.1,8.5,0.0M)", 47.1, 8.5, null)]
    [InlineData("GPS(39.906217,116.391305,69.800) BAROMETER(91.2) HOME(39.906206,116.391400)", 39.906217, 116.391305, 91.2)]
    [InlineData("HOME(39.9062,116.3914) BAROMETER(91.2) GPS(39.906217,116.391305,69.800)", 39.906217, 116.391305, 91.2)]
    [InlineData("GPS(47.1,8.5,69.8) BAROMETER(91.2)", 47.1, 8.5, 91.2)]
    [InlineData("GPS (47.1, 8.5, 69.0)\nBAROMETER (91.2)", 47.1, 8.5, 91.2)]
    [InlineData("GPS(8.5,47.1,18) BAROMETER:1.9", 47.1, 8.5, 1.9)]
    [InlineData("GPS(47.1,8.5,18) BAROMETER:1.9", 8.5, 47.1, 1.9)]
    [InlineData("GPS (8.5, 47.1, 18), D 4.0m, H 45.6m", 47.1, 8.5, 45.6)]
    [InlineData("[latitude: 47.1] [longitude: 8.5] [altitude: 69.8]", 47.1, 8.5, 69.8)]
    public void Read_AnyNotation_TellsTheOrderByItsForm(string measurements, double latitude, double longitude, double? height)
    {
        var reading = Assert.Single(Recordings.Parse(Recordings.Block(1, measurements)));

        Assert.Equal(new GeoPosition(latitude, longitude), reading.Position);
        Assert.Equal(height, reading.HeightMetres);
    }

    [Theory]
    [InlineData("GPS(47.1,8.5,69.8)")]
    [InlineData("GPS(47.1,8.5,69.8) BAROMETER:1.9")]
    [InlineData("GPS(47.1,8.5,18) BAROMETER(1.9)")]
    [InlineData("GPS(47.1,8.5,n/a) BAROMETER:1.9")]
    [InlineData("GPS(47.1,8.5,69.8m) BAROMETER:1.9")]
    [InlineData("GPS(N:47.1,E:8.5,69.8m)")]
    public void Read_FormThatLeavesTheOrderOpen_IsRefusedWithARemedy(string measurements)
    {
        var exception = Assert.Throws<TelemetryFormatException>(
            () => Recordings.Parse(Recordings.Block(1, measurements)));

        Assert.Equal(3, exception.Line);
        Assert.Contains("which of latitude and longitude comes first", exception.Expected, StringComparison.Ordinal);
        Assert.Contains(measurements.Split(' ')[0], exception.Found, StringComparison.Ordinal);
        Assert.Contains("[latitude: 47.1] [longitude: 8.5]", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GPS(0,0,0.0)")]
    [InlineData("GPS(N/A,N/A,N/A)")]
    public void Read_NoFixInAFormThatLeavesTheOrderOpen_HasNoPosition(string measurements) =>
        Assert.Null(Assert.Single(Recordings.Parse(Recordings.Block(1, measurements))).Position);

    [Theory]
    [InlineData("GPS(116.391305,39.906217,69.800) BAROMETER(91.2)", "GPS latitude")]
    [InlineData("GPS(116.391305,39.906217,0.0M)", "GPS latitude")]
    [InlineData("GPS(39.906217,116.391305,18)", "GPS latitude")]
    public void Read_LatitudeOver90_IsRefusedAndNotSwapped(string measurements, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<TelemetryFormatException>(() => Recordings.Parse(Recordings.Block(1, measurements))).Expected,
            StringComparison.Ordinal);

    [Fact]
    public void Read_MissingThirdValue_TakesTheOrderOfTheRecording()
    {
        var text = Recordings.Block(1, "GPS(36.6,-6.1,0.0M)") + Recordings.Block(2, "GPS(36.7,-6.2,n/a)");

        Assert.Equal(new GeoPosition(36.7, -6.2), Recordings.Parse(text)[1].Position);
    }

    // Heights over two levels would be a jump that the drone never made.
    [Theory]
    [InlineData("GPS(36.6,-6.1,0.0M) BAROMETER:8.1M", "GPS(8.2,47.4,18) BAROMETER:8.1M", "LatitudeFirst", "LongitudeFirst")]
    [InlineData("[latitude: 1] [longitude: 2]", "GPS(8.2,47.4,18)", "Named", "LongitudeFirst")]
    [InlineData("GPS(47.1,8.5,69.8) BAROMETER(9.2)", "GPS(47.1,8.5,0.0M) [altitude: 500.0]", "Barometer", "OverSea")]
    [InlineData("[rel_alt: 1.0 abs_alt: 500.0]", "[rel_alt: 1.0]", "OverSea", "OverHome")]
    public void Read_NotationChanges_IsRefused(string first, string second, string expected, string found)
    {
        var exception = Assert.Throws<TelemetryFormatException>(
            () => Recordings.Parse(Recordings.Block(1, first) + Recordings.Block(2, second)));

        Assert.Contains(expected, exception.Expected, StringComparison.Ordinal);
        Assert.Equal(found, exception.Found);
        Assert.Contains("joined", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00:00:59,000 --> 00:00:60,000", "00:00:60,000 --> 00:01:01,000", 1)]
    [InlineData("00:59:59,500 --> 00:59:60,500", "00:60:00,500 --> 01:00:01,500", 1)]
    [InlineData("2022.06.21 16:07:59", "2022.06.21 16:07:60", 1)]
    [InlineData("2022.12.31 23:59:59,000", "2022.12.31 23:59:60,500,000", 1.5)]
    public void Read_SixtiethSecondOrMinute_IsCarriedOn(string first, string second, double seconds)
    {
        var read = Recordings.Parse($"1\n{first}\n[iso: 100]\n\n2\n{second}\n[iso: 100]\n\n");

        Assert.Equal(seconds, read[1].Elapsed.TotalSeconds);
    }

    [Theory]
    [InlineData("<font size=\"36\">SrtCnt : 1, DiffTime : 16ms\n[latitude: 41.4] [longitude: 2.1] [altitude: 27.3] </font>\n</font>")]
    [InlineData("<font size=\"36\"><b>[latitude: 41.4]<br>[longitude: 2.1]<br/>[altitude: 27.3]</font></font>")]
    [InlineData("</font>\n[latitude: 41.4] [longitude: 2.1] [altitude: 27.3]")]
    public void Read_TagsThatAreNotPaired_AreNoFault(string measurements)
    {
        var reading = Assert.Single(Recordings.Parse(Recordings.Block(1, measurements)));

        Assert.Equal(new GeoPosition(41.4, 2.1), reading.Position);
        Assert.Equal(27.3, reading.HeightMetres);
    }
}
