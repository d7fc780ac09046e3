using System.Text;
using System.Text.RegularExpressions;
using DroneHandoff.Telemetry;

namespace DroneHandoff.Tests.Telemetry;

/// <summary>Recordings that are not whole, not one, or not recordings.</summary>
public sealed partial class SrtDamageTests
{
    private const string Named = "[latitude: 47.1] [longitude: 8.5] [altitude: 400.5]";

    // Where power was lost: what is whole is read, value by value, and what is not is told of.
    [Theory]
    [MemberData(nameof(Recordings.Sound), MemberType = typeof(Recordings))]
    public void Read_CutAnywhere_GivesTheWholeBlocksAndAWarning(string name)
    {
        var all = Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(Recordings.Folder, name))).ReplaceLineEndings("\n");
        var text = all[..Math.Min(all.Length, 1200)];
        var whole = Recordings.Read(name);
        var firstEnd = BlockEnd().Match(text).Index + 2;
        for (var length = 0; length <= text.Length; length++)
        {
            var prefix = text[..length];
            if (length < firstEnd)
            {
                Assert.Throws<TelemetryFormatException>(() => Recordings.Parse(prefix));
                continue;
            }

            var cut = Recordings.Parse(prefix, out var warnings);

            var ends = BlockEnd().Matches(prefix);
            var rest = prefix[(ends[^1].Index + ends[^1].Length)..];
            Assert.Equal(whole.Take(cut.Count), cut);
            Assert.InRange(cut.Count, ends.Count, ends.Count + (string.IsNullOrWhiteSpace(rest) ? 0 : 1));
            if (cut.Count > ends.Count || string.IsNullOrWhiteSpace(rest))
            {
                Assert.Empty(warnings);
            }
            else
            {
                Assert.Contains(
                    $"cut off in its last block, which is left out; the {ends.Count} whole blocks before it",
                    Assert.Single(warnings),
                    StringComparison.Ordinal);
            }
        }
    }

    // "BAROMETER:83" of "BAROMETER:83.8" is a number, and the wrong one.
    [Theory]
    [InlineData("GPS(8.2,47.4,18) BAROMETER:83.8", "GPS(8.2,47.4,18) BAROMETER:83", 1)]
    [InlineData("GPS(8.2,47.4,18) BAROMETER:83.8", "GPS(8.2,47.4,18) BAROMETER:83 ", 2)]
    [InlineData("GPS(8.2,47.4,18) BAROMETER:83.8M", "GPS(8.2,47.4,18) BAROMETER:83", 1)]
    [InlineData("GPS(8.2,47.4,18), H 3.8m", "GPS(8.2,47.4,18), H n/a", 1)]
    public void Read_NumberAtTheEndOfTheText_IsNotTrustedToBeWhole(string first, string last, int count)
    {
        var text = Recordings.Block(1, first) + Recordings.Block(2, last).TrimEnd('\n');

        Assert.Equal(count, Recordings.Parse(text, out var warnings).Count);
        Assert.Equal(2 - count, warnings.Count);
    }

    [Theory]
    [InlineData("", "ends in 3 zero bytes")]
    [InlineData("3\n00:00:03,000 --> 00:00:04,000\n[latit", "cut off in its last block")]
    public void Read_ZeroBytesAtTheEnd_AreACut(string rest, string expected)
    {
        var text = Recordings.Block(1, Named) + Recordings.Block(2, Named) + rest + "\0\0\0";

        Assert.Equal(2, Recordings.Parse(text, out var warnings).Count);
        Assert.Contains(expected, Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ZeroBytesInTheMiddle_AreRefused() =>
        Assert.Contains(
            "3 zero bytes with text behind them",
            Assert.Throws<TelemetryFormatException>(
                () => Recordings.Parse(Recordings.Block(1, Named) + "\0\0\0" + Recordings.Block(2, Named))).Found,
            StringComparison.Ordinal);

    // A fault with more of the file behind it is no cut.
    [Theory]
    [InlineData("[latitude: 47.1] [longitude: 8.5] [altit\n\n3\n")]
    [InlineData("[latitude: 47.1] [longitude: 8.5] [altit\n[iso: 100]")]
    [InlineData("[latitude: 47.1] [longitude: 8.5] [altitude: x]\n")]
    [InlineData("[latitude: 47.1] [longitude: 8.5]\n")]
    public void Read_FaultBeforeTheEnd_IsRefused(string measurements) =>
        Assert.Throws<TelemetryFormatException>(
            () => Recordings.Parse(Recordings.Block(1, Named) + $"2\n00:00:02,000 --> 00:00:03,000\n{measurements}"));

    [Theory]
    [InlineData("\n")]
    [InlineData("\n\n")]
    [InlineData("\n\n\uFEFF")]
    public void Read_RecordingBehindAnother_SaysSo(string between)
    {
        var one = Recordings.Block(1, Named) + Recordings.Block(2, Named);
        var exception = Assert.Throws<TelemetryFormatException>(() => Recordings.Parse(one.TrimEnd('\n') + between + one));

        Assert.InRange(exception.Line, 8, 9);
        Assert.Contains("Two recordings seem to be joined: split the file here", exception.Message, StringComparison.Ordinal);
    }

    // Numbered anew by the tool that joined them.
    [Theory]
    [InlineData("FrameCnt : 7 [iso: 100]", "FrameCnt : 1 [iso: 100]", "picture 7 or a later one")]
    [InlineData("SrtCnt : 7 [iso: 100]", "SrtCnt : 6 [iso: 100]", "picture 7 or a later one")]
    public void Read_PicturesAreCountedAnew_SaysSo(string first, string second, string expected)
    {
        var exception = Assert.Throws<TelemetryFormatException>(
            () => Recordings.Parse(Recordings.Block(1, first) + Recordings.Block(2, second)));

        Assert.Contains(expected, exception.Expected, StringComparison.Ordinal);
        Assert.Contains("joined", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadFile_TwoDronesInOneFile_SaysSo()
    {
        var exception = Assert.Throws<TelemetryFormatException>(() => Recordings.Read("mix_p4rtk_mavic2pro.SRT"));

        Assert.Equal(25, exception.Line);
        Assert.Contains("joined", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Where are you going?")]
    [InlineData("<i>- Home (2009), I think.</i>\n- TV, and H 12?")]
    [InlineData("[door slams]\n- EV: what? GPS is off.")]
    [InlineData("(it says H 3\nand latitude")]
    public void Read_FilmSubtitle_IsRefusedByName(string line)
    {
        var exception = Assert.Throws<TelemetryFormatException>(() => Recordings.Parse(Recordings.Block(1, line)));

        Assert.Equal(3, exception.Line);
        Assert.Contains("a film's subtitle", exception.Message, StringComparison.Ordinal);
        Assert.Contains(line.Split('\n')[0], exception.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[latitude: ] [longitude: 8.5] [altitude: 400.5]", "position")]
    [InlineData("[latitude: 47.1] [longitude:] [altitude: 400.5]", "position")]
    [InlineData("[latitude: 47.1] [longitude: 8.5] [altitude: ]", "height")]
    public void Read_EmptyValue_IsMissingInThatReadingAlone(string measurements, string expected)
    {
        var text = Recordings.Block(1, Named) + Recordings.Block(2, measurements) + Recordings.Block(3, Named)
            + Recordings.Block(4, measurements);

        var read = Recordings.Parse(text, out var warnings);

        Assert.Equal(4, read.Count);
        Assert.Equal(read[0].Position, read[2].Position);
        Assert.Equal(400.5, read[2].HeightMetres);
        Assert.Equal(expected == "position", read[1].Position is null);
        Assert.Equal(expected == "height", read[1].HeightMetres is null);
        Assert.Equal(
            $"test: 2 readings have no {expected}, since it was left empty (first in line 5).", Assert.Single(warnings));
    }

    [Theory]
    [InlineData("GPS(8.2,47.4,18) BAROMETER:1.9", "GPS(,,18) BAROMETER:", "position", "height")]
    [InlineData("GPS(8.2,47.4,18), H 1.9m, H.S 1.0m/s", "GPS(8.2,47.4,18), H, H.S ,", "height", "speed over ground")]
    [InlineData("GPS(47.4,8.2,6.1) BAROMETER(1.9)", "GPS(47.4,8.2,6.1) BAROMETER()", "height")]
    public void Read_EmptyValuesInOtherNotations_AreMissingAndNoted(string first, string second, params string[] expected)
    {
        var read = Recordings.Parse(Recordings.Block(1, first) + Recordings.Block(2, second), out var warnings);

        Assert.Equal(2, read.Count);
        Assert.Equal(expected.Select(name => $"test: 1 readings have no {name}, since it was left empty (first in line 5)."), warnings);
    }

    [GeneratedRegex(@"\n[ \t]*\n+")]
    private static partial Regex BlockEnd();
}
