using System.Globalization;
using System.Text.Json;

namespace Swarm.Benchmarks.Report;

/// <summary>Prints rows as a table, and as JSON.</summary>
internal static class ReportWriter
{
    /// <summary>How rows are written as JSON.</summary>
    public static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>One row of the table.</summary>
    public static string Line(ReportRow row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Name,-28} {row.Value,9:0.00} {row.Unit,-6} {row.Ratio,7:0.00} x {row.Reference,-34} spread {row.Spread,4:0.00}, n {row.N}"
        + $"{(row.Goal is { } goal ? $", at {(goal.IsAtMost ? "most" : "least")} {goal.Ratio:0.0##}{(row.IsMissed ? ": MISSED" : "")}" : "")}");

    /// <summary>Writes all rows to a file.</summary>
    public static Task SaveAsync(FileInfo file, IReadOnlyList<ReportRow> rows, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(file.FullName, JsonSerializer.Serialize(rows, Json), cancellationToken);
}
