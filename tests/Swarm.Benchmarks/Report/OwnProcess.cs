using System.Diagnostics;
using System.Text.Json;

namespace Swarm.Benchmarks.Report;

/// <summary>Measures a section in a process of its own.</summary>
internal static class OwnProcess
{
    /// <summary>Measures the rows whose names begin with <paramref name="only"/>, and adds them.</summary>
    /// <exception cref="InvalidOperationException">The process measured nothing.</exception>
    public static async Task MeasureAsync(string only, ReportContext report, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.Combine(report.NewFolder("rows"), "rows.json"));
        string[] quick = report.IsQuick ? ["--quick"] : [];
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(OwnProcess).Assembly.Location, "report", "--only", only, "--json", file.FullName, .. quick])
        {
            RedirectStandardOutput = true, // The rows are printed here.
        })!;
        try
        {
            await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        if (process.ExitCode > 1 || !file.Exists)
        {
            throw new InvalidOperationException($"The process that was to measure {only} ended with {process.ExitCode}.");
        }

        foreach (var row in JsonSerializer.Deserialize<ReportRow[]>(await File.ReadAllTextAsync(file.FullName, cancellationToken), ReportWriter.Json)!)
        {
            report.Add(row);
        }
    }
}
