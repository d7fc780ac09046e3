using System.Text;

namespace DroneHandoff.Telemetry;

/// <summary>Reads lines and counts them, and refuses a line that no telemetry file has: its memory is bounded.</summary>
/// <param name="reader">The text; not disposed.</param>
/// <param name="file">Name for error messages.</param>
internal sealed class BoundedLineReader(TextReader reader, string file)
{
    /// <summary>Longest line, in characters.</summary>
    public const int MaxLineLength = 4096;

    private readonly StringBuilder _line = new();

    /// <summary>Number of the line that was read last, from 1; one more than there are at the end.</summary>
    public int Number { get; private set; }

    /// <summary>Reads a line that ends with CR, LF or both.</summary>
    /// <returns>The line without its end and without a byte order mark, or <see langword="null"/> at the end.</returns>
    /// <exception cref="TelemetryFormatException">The line is too long.</exception>
    public string? Read()
    {
        Number++;
        _line.Clear();
        for (var next = reader.Read(); next >= 0; next = reader.Read())
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

        return _line.Length > 0 ? _line.ToString() : null;
    }
}
