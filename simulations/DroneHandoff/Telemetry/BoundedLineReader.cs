using System.Text;

namespace DroneHandoff.Telemetry;

/// <summary>Reads lines and counts them, and refuses a line that no telemetry file has: its memory is bounded.</summary>
/// <remarks>
/// A file that lost power while it was written may end in zero bytes: the text ends before them. Zero bytes with text behind them are
/// refused.
/// </remarks>
/// <param name="reader">The text; not disposed.</param>
/// <param name="file">Name for error messages.</param>
internal sealed class BoundedLineReader(TextReader reader, string file)
{
    /// <summary>Longest line, in characters.</summary>
    public const int MaxLineLength = 4096;

    private readonly StringBuilder _line = new();
    private bool _isAtEnd;

    /// <summary>Number of the line that was read last, from 1; one more than there are at the end.</summary>
    public int Number { get; private set; }

    /// <summary>Number of the last line, where the text ended before the line did; else 0.</summary>
    public int CutLine { get; private set; }

    /// <summary>Zero bytes at the end of the text; known when the end was reached.</summary>
    public long ZeroBytes { get; private set; }

    /// <summary>Reads a line that ends with CR, LF or both.</summary>
    /// <returns>The line without its end and without a byte order mark, or <see langword="null"/> at the end.</returns>
    /// <exception cref="TelemetryFormatException">The line is too long, or has a zero byte with text behind it.</exception>
    public string? Read()
    {
        Number++;
        _line.Clear();
        for (var next = ReadCharacter(); next >= 0; next = ReadCharacter())
        {
            var character = (char)next;
            if (character is '\r' or '\n')
            {
                if (character == '\r' && reader.Peek() == '\n')
                {
                    reader.Read();
                }

                return _line.ToString();
            }

            if (_line.Length == MaxLineLength)
            {
                throw new TelemetryFormatException(
                    file, Number, $"a line of at most {MaxLineLength} characters", "a longer one");
            }

            if (Number > 1 || _line.Length > 0 || character != '\uFEFF')
            {
                _line.Append(character);
            }
        }

        if (_line.Length == 0)
        {
            return null;
        }

        CutLine = Number;
        return _line.ToString();
    }

    private int ReadCharacter()
    {
        var next = _isAtEnd ? -1 : reader.Read();
        for (; next == 0; next = reader.Read())
        {
            ZeroBytes++;
        }

        if (next >= 0 && ZeroBytes > 0)
        {
            throw new TelemetryFormatException(file, Number, "text", $"{ZeroBytes} zero bytes with text behind them");
        }

        _isAtEnd = next < 0;
        return next;
    }
}
