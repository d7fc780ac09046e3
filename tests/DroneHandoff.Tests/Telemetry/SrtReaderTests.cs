using System.Text;
using DroneHandoff.Telemetry;

namespace DroneHandoff.Tests.Telemetry;

/// <summary>Every notation of the recordings, and every way in which one is broken.</summary>
public sealed class SrtReaderTests
{
    private const string Block1 =
        "1\n00:00:00,000 --> 00:00:01,000\nF/2.8, SS 30, ISO 100, EV 0, GPS (8.2, 47.4, 18), D 4.0m, H 45.6m, "
        + "H.S 2.5m/s, V.S -0.5m/s\n\n";

    private static readonly string _block2 = "2" + Block1[1..];

    [Theory]
    [InlineData("m2zoom.SRT", 3000, 3000, 50_033, true)]
    [InlineData("mavic_2_style.SRT", 468, 468, 467_999.99, false)]
    [InlineData("mavic_2pro_new.SRT", 500, 500, 22_600, false)]
    [InlineData("mavic_air.SRT", 2, 0, 39, false)]
    [InlineData("mavic_mini.SRT", 117, 117, 116_000, true)]
    [InlineData("mavic_pro.SRT", 468, 468, 467_000, true)]
    [InlineData("mavic_pro_buggy.SRT", 546, 530, 545_000, true)]
    [InlineData("old_format.SRT", 468, 468, 467_000, true)]
    [InlineData("p4_rtk.SRT", 55, 55, 54_000, true)]
    [InlineData("p4p_sample.SRT", 5, 5, 4_000, true)]
    [InlineData("matrice_300.SRT", 381, 381, 380_000, true)]
    [InlineData("mavic_air2.SRT", 25, 25, 400, true)]
    public void ReadFile_RealRecording_GivesEveryReading(
        string name, int readings, int fixes, double lastMs, bool hasHeight)
    {
        var read = Recordings.Read(name, out var warnings);

        Assert.Empty(warnings);
        Assert.Equal(readings, read.Count);
        Assert.Equal(fixes, read.Count(reading => reading.Position is not null));
        Assert.Equal(lastMs, read[^1].Elapsed.TotalMilliseconds, 1_000.0);
        Assert.All(read, reading => Assert.Equal(hasHeight, reading.HeightMetres is not null));
        Assert.Equal(Enumerable.Range(0, readings).Select(i => (long)i), read.Select(reading => reading.Index));
        Assert.True(read.Zip(read.Skip(1)).All(pair => pair.First.Elapsed <= pair.Second.Elapsed));
    }

    [Fact]
    public void ReadFile_FirstReadingOfEachNotation_HasItsValues()
    {
        Assert.Equal(new GeoPosition(31.452012, 74.398751), Recordings.Read("m2zoom.SRT")[0].Position);
        Assert.Equal(213.983002, Recordings.Read("m2zoom.SRT")[0].HeightMetres);
        Assert.Equal(new GeoPosition(-20.2533, 149.0251), Recordings.Read("mavic_2_style.SRT")[0].Position);
        Assert.Equal(new GeoPosition(-20.2533, 149.0251), Recordings.Read("mavic_pro.SRT")[0].Position);
        Assert.Equal(2.0, Recordings.Read("mavic_pro.SRT")[2].HeightMetres);
        Assert.Equal(2.0, Recordings.Read("old_format.SRT")[2].HeightMetres);
        Assert.Equal(new GeoPosition(48.0771, -121.7458), Recordings.Read("mavic_mini.SRT")[0].Position);
        Assert.Null(Recordings.Read("mavic_mini.SRT")[0].HorizontalSpeed);
        var rtk = Recordings.Read("p4_rtk.SRT")[1];
        Assert.Equal(
            new TelemetryReading(1, TimeSpan.FromSeconds(1), new GeoPosition(-34.237911, -58.85174), 85.83, 2.88, 0),
            rtk);
    }

    [Theory]
    [InlineData("broken_empty.SRT", 1, "the first block's number", "the file is empty")]
    [InlineData("broken_empty2.SRT", 2, "a time code", "the end of the file")]
    [InlineData("broken_incomplete2.SRT", 17, "']' before the line's end", "'[latit'")]
    public void ReadFile_BrokenRecording_SaysWhereAndWhy(string name, int line, string expected, string found)
    {
        var exception = Assert.Throws<TelemetryFormatException>(() => Recordings.Read(name));

        Assert.Equal(line, exception.Line);
        Assert.Equal(name, exception.File);
        Assert.Contains(expected, exception.Expected, StringComparison.Ordinal);
        Assert.Contains(found, exception.Found, StringComparison.Ordinal);
        Assert.Contains($"{name}, line {line}: expected ", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GPS (NaN, 47.4, 18)", "GPS longitude")]
    [InlineData("GPS (8.2, Infinity, 18)", "GPS latitude")]
    [InlineData("GPS (8.2, 90.01, 18)", "GPS latitude")]
    [InlineData("GPS (-180.5, 47.4, 18)", "GPS longitude")]
    [InlineData("GPS (8.2, 47.4)", "GPS(longitude,latitude,satellites)")]
    [InlineData("GPS (8.2, 47.4, 18, 1)", "GPS(longitude,latitude,satellites)")]
    [InlineData("GPS (8.2, x, 18)", "GPS latitude")]
    [InlineData("GPS (8.2, 47.4, 18", "')'")]
    [InlineData("GPS (8.2, 47.4, 18), H 45.6", "in m, or n/a")]
    [InlineData("GPS (8.2, 47.4, 18), H 99999m", "from -20000 to 20000")]
    [InlineData("GPS (8.2, 47.4, 18), H.S -1m/s", "from 0 to 200")]
    [InlineData("[latitude : 47.4]", "a longitude")]
    [InlineData("[longitude : 8.2]", "a latitude")]
    [InlineData("[latitude : 47.4] [longitude : 8.2", "']'")]
    [InlineData("<font size=\"36\">[latitude : 47.4] [longitude : 8.2]", "'</font>'")]
    [InlineData("HOME(8.2,47.4) 2017.07.03 10:15:03", "GPS(…)")]
    public void Read_BadMeasurement_NamesItsLine(string measurements, string expected)
    {
        var text = $"1\n00:00:00,000 --> 00:00:01,000\n{measurements}\n\n";

        var exception = Assert.Throws<TelemetryFormatException>(() => Read(text));

        Assert.InRange(exception.Line, 3, 4);
        Assert.Contains(expected, exception.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x\n", 5, "a block's number")]
    [InlineData("2\nlater\n", 6, "a time code")]
    [InlineData("2\n00:00:01,000 -> 00:00:02,000\n", 6, "a time code")]
    [InlineData("2\n00:61:01,000 --> 00:62:02,000\n", 6, "a time code")]
    [InlineData("2\n2017.08.05 14:11:51\n", 6, "a time code")]
    [InlineData("2\n00:00:01,000 --> 00:00:02,000\n\n", 7, "a line of measurements")]
    [InlineData("2\n00:00:01,000 --> 00:00:02,000\nF/2.8\n", 8, "Position, Height, HorizontalSpeed, VerticalSpeed")]
    public void Read_BadSecondBlock_NamesItsLine(string second, int line, string expected)
    {
        var exception = Assert.Throws<TelemetryFormatException>(() => Read(Block1 + second));

        Assert.Equal(line, exception.Line);
        Assert.Contains(expected, exception.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TimeGoesBack_IsRefused()
    {
        var back = Block1.Replace("00:00:00,000 -->", "00:00:01,000 -->", StringComparison.Ordinal) + _block2;

        Assert.Equal(6, Assert.Throws<TelemetryFormatException>(() => Read(back)).Line);
    }

    [Theory]
    [InlineData("GPS(0,0,3) BAROMETER:1.0")]
    [InlineData("GPS(0.000000,-0.0,3) BAROMETER:1.0")]
    [InlineData("GPS(N/A,N/A,3) BAROMETER:1.0")]
    [InlineData("[latitude : 0.0] [longtitude : 0.0] [altitude: 1.0]")]
    public void Read_NoFix_GivesReadingWithoutPosition(string measurements)
    {
        var reading = Assert.Single(Read($"1\n00:00:00,000 --> 00:00:01,000\n{measurements}\n\n"));

        Assert.Null(reading.Position);
        Assert.Equal(1.0, reading.HeightMetres);
    }

    [Fact]
    public void Read_OnTheEquatorOrTheMeridian_HasAFix() =>
        Assert.Equal(
            new GeoPosition(0, 8.2), Assert.Single(Read("1\n00:00:00,000 --> 00:00:01,000\nGPS(8.2,0,3)\n\n")).Position);

    [Fact]
    public void Read_SeveralValuesInABracket_TakesAbsoluteHeight() =>
        Assert.Equal(
            77.25,
            Assert.Single(Read(
                "1\n00:00:00,000 --> 00:00:01,000\n"
                + "[latitude: 47.4] [longitude: 8.2] [rel_alt: 1.100 abs_alt: 77.250] [color_md : default]\n\n"))
            .HeightMetres);

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r")]
    [InlineData("\n")]
    public void Read_AnyLineEndAndByteOrderMark_IsUnderstood(string lineEnd)
    {
        var text = "\uFEFF" + (Block1 + _block2).ReplaceLineEndings(lineEnd);

        Assert.Equal(2, Read(text).Count);
    }

    [Fact]
    public void Read_EndlessLine_IsRefusedWithoutHoldingIt()
    {
        var exception = Assert.Throws<TelemetryFormatException>(() => Read(new string('1', 1 << 20)));

        Assert.Equal(1, exception.Line);
        Assert.Contains("at most 4096 characters", exception.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ConsumedPartly_DoesNotReadAhead()
    {
        var readings = SrtReader.Read(new StringReader(Block1 + "garbage"), "test", new RecordingNotes("test"));

        Assert.Equal(45.6, readings.First().HeightMetres);
    }

    // Whatever happens to a byte, the reader ends with readings or with the typed error.
    [Theory]
    [MemberData(nameof(Recordings.Sound), MemberType = typeof(Recordings))]
    public void Read_FlippedBytes_NeverFailsOtherwise(string name)
    {
        const int Seed = 20_261_123;
        var random = new Random(Seed);
        var bytes = File.ReadAllBytes(Path.Combine(Recordings.Folder, name));
        var original = bytes.AsSpan(0, Math.Min(bytes.Length, 1500)).ToArray();
        for (var round = 0; round < 500; round++)
        {
            var damaged = (byte[])original.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            var readings = ReadUntilError(Encoding.UTF8.GetString(damaged));

            Assert.True(
                readings.All(r => r.Position is null
                    or { Latitude: >= -90 and <= 90, Longitude: >= -180 and <= 180 }),
                $"{name}, seed {Seed}, round {round}");
        }
    }

    // Lines that are lost, doubled, swapped, joined, emptied, or zeroed: readings or the typed error, and nothing out of range.
    [Theory]
    [MemberData(nameof(Recordings.Sound), MemberType = typeof(Recordings))]
    public void Read_MutatedLines_NeverFailsOtherwise(string name)
    {
        const int Seed = 20_261_128;
        var random = new Random(Seed);
        var original = File.ReadAllLines(Path.Combine(Recordings.Folder, name)).Take(60).ToArray();
        for (var round = 0; round < 500; round++)
        {
            var lines = original.ToList();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                Mutate(lines, random);
            }

            var readings = ReadUntilError(string.Join('\n', lines));

            Assert.True(
                readings.All(r => r.Position is null
                    or { Latitude: >= -90 and <= 90, Longitude: >= -180 and <= 180 })
                && readings.Zip(readings.Skip(1)).All(pair => pair.First.Elapsed <= pair.Second.Elapsed),
                $"{name}, seed {Seed}, round {round}");
        }
    }

    private static void Mutate(List<string> lines, Random random)
    {
        var at = random.Next(lines.Count);
        var line = lines[at];
        var place = random.Next(line.Length + 1);
        switch (random.Next(8))
        {
            case 0 when lines.Count > 1:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, line);
                break;
            case 2:
                lines.Insert(random.Next(lines.Count), line);
                break;
            case 3:
                lines[at] = line[..place];
                break;
            case 4:
                lines[at] = line[place..];
                break;
            case 5:
                lines[at] = string.Concat(line.Select(c => char.IsAsciiDigit(c) ? ' ' : c));
                break;
            case 6:
                lines[at] = line[..place] + new string('\0', random.Next(1, 5)) + line[place..];
                break;
            default:
                lines[at] = line[..place] + "([<>])N/A:,.-0M "[random.Next(16)] + line[place..];
                break;
        }
    }

    private static List<TelemetryReading> Read(string text) => Recordings.Parse(text);

    private static List<TelemetryReading> ReadUntilError(string text)
    {
        var readings = new List<TelemetryReading>();
        try
        {
            foreach (var reading in SrtReader.Read(new StringReader(text), "test", new RecordingNotes("test")))
            {
                readings.Add(reading);
            }
        }
        catch (TelemetryFormatException)
        {
            // What was read before counts.
        }

        return readings;
    }
}
