using System.Globalization;
using System.Text;

namespace DroneHandoff.Telemetry;

/// <summary>Reads the flight telemetry that DJI drones write beside a video, as subtitles in a <c>.SRT</c> file.</summary>
/// <remarks>
/// <para>
/// A block is its number, a time code or a date, one to some lines of measurements, and an empty line. The notation
/// of the measurements differs by drone (see <see cref="SrtLineScanner"/>); it is found out, not configured. The first
/// block decides which measurements the others must have too: so a file that was cut in mid-block, or that lost
/// bytes in its middle, is told from one that never had them.
/// </para>
/// <para>
/// Explicit gaps are not errors: <c>N/A</c> coordinates, the null position (0, 0), and recordings without any GPS give
/// readings without a fix. Coordinates that are out of range or not a number are errors.
/// </para>
/// </remarks>
public static class SrtReader
{
    /// <summary>Reads a file, block by block, as the caller asks for readings.</summary>
    /// <param name="path">Path of a UTF-8 file.</param>
    /// <returns>Readings in the order of the file; at least one, or the enumeration throws.</returns>
    /// <exception cref="TelemetryFormatException">While enumerating: the file is empty, malformed or cut off.</exception>
    /// <exception cref="IOException">While enumerating: the file cannot be read.</exception>
    public static IEnumerable<TelemetryReading> ReadFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var reader = new StreamReader(path, Encoding.UTF8);
        foreach (var reading in Read(reader, Path.GetFileName(path)))
        {
            yield return reading;
        }
    }

    /// <summary>Reads a text, block by block, as the caller asks for readings. Holds one line at a time.</summary>
    /// <param name="text">The text; not disposed.</param>
    /// <param name="file">Its name in error messages.</param>
    /// <returns>Readings in the order of the text; at least one, or the enumeration throws.</returns>
    /// <exception cref="TelemetryFormatException">While enumerating: the text is empty, malformed or cut off.</exception>
    public static IEnumerable<TelemetryReading> Read(TextReader text, string file)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(file);
        var lines = new BoundedLineReader(text, file);
        var block = new SrtBlock(file);
        var style = default(Style);
        for (var index = 0L; SkipEmpty(lines) is { } number; index++)
        {
            RequireNumber(file, lines.Number, number);
            var time = ReadTime(file, lines, index == 0, ref style);
            var lineCount = ReadMeasurements(lines, block, out var isLast);
            RequireWhole(file, lines.Number, lineCount, isLast, style.LineCount);
            block.Complete(lines.Number, style.Fields);
            style = style with
            {
                Fields = index == 0 ? block.Fields : style.Fields,
                LineCount = index == 0 ? lineCount : style.LineCount,
                LastTime = time,
            };
            yield return new TelemetryReading(
                index,
                time - style.FirstTime,
                block.Position,
                block.HeightMetres,
                block.HorizontalSpeed,
                block.VerticalSpeed);
        }

        if (style.LineCount == 0)
        {
            throw new TelemetryFormatException(file, lines.Number, "the first block's number", "the end of the file");
        }
    }

    private static string? SkipEmpty(BoundedLineReader lines)
    {
        var line = lines.Read();
        while (line is not null && string.IsNullOrWhiteSpace(line))
        {
            line = lines.Read();
        }

        return line;
    }

    private static void RequireNumber(string file, int lineNumber, string line)
    {
        if (!long.TryParse(line.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new TelemetryFormatException(
                file, lineNumber, "a block's number on a line of its own", TelemetryFormatException.Quote(line));
        }
    }

    private static TimeSpan ReadTime(string file, BoundedLineReader lines, bool isFirst, ref Style style)
    {
        var line = lines.Read();
        var isTimeCode = SrtTime.TryParseTimeCode(line, out var time);
        var isDate = !isTimeCode && SrtTime.TryParseDate(line, out time);
        if (!(isFirst ? isTimeCode || isDate : style.IsDated ? isDate : isTimeCode))
        {
            const string TimeCode = "a time code like '00:00:01,000 --> 00:00:02,000'";
            const string Date = "a date like '2017.08.05 14:11:52,393,525'";
            throw new TelemetryFormatException(
                file,
                lines.Number,
                isFirst ? $"{TimeCode} or {Date}" : style.IsDated ? Date : TimeCode,
                line is null ? "the end of the file" : TelemetryFormatException.Quote(line));
        }

        if (isFirst)
        {
            style = style with { FirstTime = time, IsDated = isDate };
        }
        else if (time < style.LastTime)
        {
            throw new TelemetryFormatException(
                file,
                lines.Number,
                "a time that is not before the last block's",
                TelemetryFormatException.Quote(line));
        }

        return time;
    }

    private static int ReadMeasurements(BoundedLineReader lines, SrtBlock block, out bool isLast)
    {
        block.Clear();
        var count = 0;
        var line = lines.Read();
        for (; !string.IsNullOrWhiteSpace(line); line = lines.Read())
        {
            block.Add(line, lines.Number);
            count++;
        }

        isLast = line is null;
        return count;
    }

    // The last block may lack the empty line behind it. The first may not: nothing else tells that it is whole.
    private static void RequireWhole(string file, int lineNumber, int lineCount, bool isLast, int wantedCount)
    {
        if (lineCount == 0)
        {
            throw new TelemetryFormatException(
                file, lineNumber, "a line of measurements", isLast ? "the end of the file" : "an empty line");
        }

        if (isLast && (wantedCount == 0 || lineCount < wantedCount))
        {
            throw new TelemetryFormatException(
                file,
                lineNumber,
                wantedCount == 0
                    ? "an empty line behind the first block"
                    : $"{wantedCount} lines of measurements in the block",
                "the end of the file");
        }
    }

    // What the first block says about the others, and the time of the last.
    private readonly record struct Style(
        bool IsDated, TimeSpan FirstTime, TimeSpan LastTime, SrtFields Fields, int LineCount);
}
