namespace DroneHandoff.Telemetry;

/// <summary>What a recording lacks and was read without: counted, and told to whoever reads it.</summary>
/// <param name="file">Name of the file.</param>
public sealed class RecordingNotes(string file)
{
    private readonly SortedDictionary<SrtFields, (long Count, int FirstLine)> _empty = [];
    private readonly List<string> _others = [];
    private string? _cut;

    /// <summary>One sentence or two for each thing; empty where nothing is missing. Grows until the recording was read.</summary>
    public IReadOnlyList<string> Warnings =>
    [
        .. _empty.Select(one =>
            $"{file}: {one.Value.Count} readings have no {Name(one.Key)}, since it was left empty (first in line {one.Value.FirstLine})."),
        .. _cut is null ? [] : new[] { _cut },
        .. _others,
    ];

    /// <summary>Notes that a block names a measurement and leaves it empty.</summary>
    /// <param name="fields">One kind of measurement, or several.</param>
    /// <param name="line">Number of the block's first line.</param>
    internal void AddEmpty(SrtFields fields, int line)
    {
        foreach (var field in Enum.GetValues<SrtFields>().Where(field => field != SrtFields.None && fields.HasFlag(field)))
        {
            var (count, firstLine) = _empty.GetValueOrDefault(field, (0, line));
            _empty[field] = (count + 1, firstLine);
        }
    }

    /// <summary>Notes that the recording ends within a block.</summary>
    /// <param name="whole">Blocks before it.</param>
    /// <param name="fault">What is missing.</param>
    internal void AddCut(long whole, TelemetryFormatException fault) =>
        _cut = $"{file} was cut off in its last block, which is left out; the {whole} whole blocks before it are used. "
            + $"Line {fault.Line}: expected {fault.Expected}, found {fault.Found}.";

    /// <summary>Notes that zero bytes follow the last block.</summary>
    /// <param name="whole">Blocks before them.</param>
    /// <param name="count">Their number.</param>
    internal void AddZeroBytes(long whole, long count) =>
        _cut = $"{file} ends in {count} zero bytes, as after a loss of power; the {whole} whole blocks before them are used.";

    /// <summary>Notes something else.</summary>
    /// <param name="sentence">The sentence, with the file's name.</param>
    internal void Add(string sentence) => _others.Add(sentence);

    private static string Name(SrtFields field) => field switch
    {
        SrtFields.Position => "position",
        SrtFields.Height => "height",
        SrtFields.HorizontalSpeed => "speed over ground",
        _ => "speed upwards",
    };
}
