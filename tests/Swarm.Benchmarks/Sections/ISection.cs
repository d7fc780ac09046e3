using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>Rows that are measured together.</summary>
internal interface ISection
{
    /// <summary>Names of its rows, or what they begin with.</summary>
    IReadOnlyList<string> Rows { get; }

    /// <summary>Measures them.</summary>
    Task MeasureAsync(ReportContext report);
}
