using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>Rows that are measured together.</summary>
internal interface ISection
{
    /// <summary>Names of its rows, or what they begin with.</summary>
    IReadOnlyList<string> Rows { get; }

    /// <summary>Whether it is measured in a process without other sections: where libtorch was loaded first, llama.cpp computes with libtorch's OpenMP.</summary>
    bool NeedsOwnProcess => false;

    /// <summary>Measures them.</summary>
    Task MeasureAsync(ReportContext report);
}
