using System.Text;

namespace DroneHandoff.Telemetry;

/// <summary>Reads the flight telemetry that DJI drones write beside a video, as subtitles in a <c>.SRT</c> file.</summary>
/// <remarks>
/// <para>
/// A block is its number, a time code or a date, one to some lines of measurements, and an empty line. The notation
/// of the measurements differs by drone (see <see cref="SrtLineScanner"/>); it is found out by the form of the lines
/// (<see cref="PositionNotation"/>), not configured, and the same in the whole recording. The first block decides which measurements
/// the others must have too: so a file that lost bytes in its middle is told from one that never had them.
/// </para>
/// <para>
/// Explicit gaps are not errors: <c>N/A</c> coordinates, the null position (0, 0), and recordings without any GPS give
/// readings without a fix. A measurement that is named and left empty is missing in that reading, and noted. Coordinates that are out of
/// range or not a number are errors. Of a recording that was cut off in a block the whole blocks are read, and the cut is noted. Two
/// recordings in one file are refused, and so are a film's subtitles.
/// </para>
/// </remarks>
public static class SrtReader
{
    /// <summary>Reads a file, block by block, as the caller asks for readings.</summary>
    /// <param name="path">Path of a UTF-8 file.</param>
    /// <param name="notes">Learns, while enumerating, what the recording lacks.</param>
    /// <returns>Readings in the order of the file; at least one, or the enumeration throws.</returns>
    /// <exception cref="TelemetryFormatException">
    /// While enumerating: the file is malformed, empty, or cut off in its first block.
    /// </exception>
    /// <exception cref="IOException">While enumerating: the file cannot be read.</exception>
    public static IEnumerable<TelemetryReading> ReadFile(string path, RecordingNotes notes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var reader = new StreamReader(path, Encoding.UTF8);
        foreach (var reading in Read(reader, Path.GetFileName(path), notes))
        {
            yield return reading;
        }
    }

    /// <summary>Reads a text, block by block, as the caller asks for readings. Holds one line at a time.</summary>
    /// <param name="text">The text; not disposed.</param>
    /// <param name="file">Its name in error messages.</param>
    /// <param name="notes">Learns, while enumerating, what the recording lacks.</param>
    /// <returns>Readings in the order of the text; at least one, or the enumeration throws.</returns>
    /// <exception cref="TelemetryFormatException">
    /// While enumerating: the text is malformed, empty, or cut off in its first block.
    /// </exception>
    public static IEnumerable<TelemetryReading> Read(TextReader text, string file, RecordingNotes notes)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(notes);
        var blocks = new SrtBlockReader(text, file, notes);
        while (blocks.TryRead(out var reading))
        {
            yield return reading;
        }
    }
}
