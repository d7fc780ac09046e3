namespace Swarm.Benchmarks.Report;

/// <summary>What the sections of a report share.</summary>
/// <param name="isQuick">Fewer bytes and rounds.</param>
/// <param name="folder">Where files go; removed at the end.</param>
/// <param name="output">Where rows and remarks go.</param>
internal sealed class ReportContext(bool isQuick, DirectoryInfo folder, TextWriter output)
{
    private readonly List<ReportRow> _rows = [];
    private readonly Dictionary<string, IReadOnlyList<(string Label, double[] Values)>> _distributions = [];

    /// <summary>Fewer bytes and rounds.</summary>
    public bool IsQuick { get; } = isQuick;

    /// <summary>Rounds of a comparison.</summary>
    public int Rounds => IsQuick ? 5 : 11;

    /// <summary>All rows so far.</summary>
    public IReadOnlyList<ReportRow> Rows => _rows;

    /// <summary>Times one by one, in milliseconds, by name of the row; for pictures.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<(string Label, double[] Values)>> Distributions => _distributions;

    /// <summary>A new folder.</summary>
    public string NewFolder(string name) => folder.CreateSubdirectory($"{name}-{Guid.NewGuid():n}").FullName;

    /// <summary>Adds a row, and prints it.</summary>
    public void Add(ReportRow row)
    {
        _rows.Add(row);
        output.WriteLine(ReportWriter.Line(row));
    }

    /// <summary>Keeps times one by one.</summary>
    public void AddDistribution(string row, params (string Label, double[] Values)[] series) => _distributions[row] = series;

    /// <summary>Prints a remark.</summary>
    public void Note(string text) => output.WriteLine(text);
}
