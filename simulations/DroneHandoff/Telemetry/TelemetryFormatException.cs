namespace DroneHandoff.Telemetry;

/// <summary>A telemetry file is not what its format says.</summary>
public sealed class TelemetryFormatException : FormatException
{
    /// <summary>What is found where the text ends.</summary>
    internal const string EndOfFile = "the end of the file";

    private const int MaxShownLength = 60;

    /// <summary>Names the place and the two sides of the contradiction.</summary>
    /// <param name="file">Name of the file.</param>
    /// <param name="line">Line number, from 1; behind the last line when the file ended too early.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    /// <param name="remedy">What to do, as a sentence; empty where it is plain.</param>
    public TelemetryFormatException(string file, int line, string expected, string found, string remedy = "")
        : this(file, $"line {line}", expected, found, remedy) => Line = line;

    private TelemetryFormatException(string file, string place, string expected, string found, string remedy)
        : base($"{file}, {place}: expected {expected}, found {found}.{(remedy.Length > 0 ? " " : "")}{remedy}")
    {
        File = file;
        Expected = expected;
        Found = found;
    }

    /// <summary>Name of the file.</summary>
    public string File { get; }

    /// <summary>Line number, from 1; 0 for a file that has no lines.</summary>
    public int Line { get; }

    /// <summary>What should be there.</summary>
    public string Expected { get; }

    /// <summary>What is there.</summary>
    public string Found { get; }

    /// <summary>Names the place in a file of bytes, and the two sides of the contradiction.</summary>
    /// <param name="file">Name of the file.</param>
    /// <param name="offset">Bytes before the place.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    /// <param name="remedy">What to do, as a sentence; empty where it is plain.</param>
    /// <returns>The exception.</returns>
    internal static TelemetryFormatException AtByte(string file, long offset, string expected, string found, string remedy = "") =>
        new(file, $"byte {offset}", expected, found, remedy);

    /// <summary>Text from a file in quotes, cut to a length that an error message can bear.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The quoted text.</returns>
    internal static string Quote(ReadOnlySpan<char> text) =>
        text.Length <= MaxShownLength ? $"'{text}'" : $"'{text[..MaxShownLength]}…'";
}
