using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;
using Swarm.Benchmarks.Sections;
using Swarm.Inference;

namespace Swarm.Benchmarks;

/// <summary>Measures every path, each against its reference, and verifies the bytes that each brought.</summary>
/// <param name="isQuick">Fewer bytes and rounds.</param>
/// <param name="only">What the names of wanted rows begin with; empty for all.</param>
/// <param name="json">Where the rows go too.</param>
/// <param name="plots">Where pictures go.</param>
/// <param name="output">Where the table goes.</param>
internal sealed class ReportRun(bool isQuick, string only, FileInfo? json, DirectoryInfo? plots, TextWriter output)
{
    private static readonly ISection[] _sections =
    [
        new MemorySection(), new MemorySection(SyntheticModel.Llama70B), new MemorySection(SyntheticModel.DeepSeekMla), new SizesSection(),
        new HitsSection(), new LookupSection(),
        new FolderSection(), new AzureSection(), new DistantSection(), new StreamSection<LlamaRuntime>("stream.overhead", "a step of small without Swarm", 1.03, _ => new SmallModel()),
        new StreamSection<LlamaRuntime>("stream.followed", "a step of small without Swarm", 1.05, _ => new SmallModel(), followers: 1),
        new StreamSection<LlamaRuntime>("stream.followed-by-eight", "a step of small without Swarm", null, _ => new SmallModel(), followers: 8),
        // The silo and the client are in the model's process: one processor is theirs, or none.
        new StreamSection<LlamaCppRuntime>(
            "stream.overhead.llamacpp",
            "a step of small by llama.cpp without Swarm, a processor left free",
            1.05,
            report => new SmallGguf(report.NewFolder("gguf"), Math.Max(1, Environment.ProcessorCount - 1))),
        new StreamSection<LlamaCppRuntime>(
            "stream.overhead.llamacpp-full", "a step of small by llama.cpp without Swarm, on all processors", null, report => new SmallGguf(report.NewFolder("gguf"))),
        new ControlSection(), new AgentsSection(),
        new TtftSection(), new TtftLimitSection(), new StandbySection(), new LlamaCppTtftSection(),
    ];

    /// <summary>Runs the sections that hold wanted rows.</summary>
    /// <returns>Exit code: 0; 1 where a goal is missed; 2 where no row is wanted.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // The row of that name alone, if there is one: a section in a process of its own is asked for so.
        ISection[] wanted = Find(name => name == only);
        wanted = wanted.Length > 0 ? wanted : Find(name => name.StartsWith(only, StringComparison.Ordinal));
        wanted = wanted.Length > 0 ? wanted : Find(name => only.StartsWith(name, StringComparison.Ordinal));
        if (wanted.Length == 0)
        {
            await output.WriteLineAsync(
                $"No row begins with '{only}'; there are {string.Join(", ", _sections.SelectMany(section => section.Rows))}.");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("swarm-bench-");
        var report = new ReportContext(isQuick, folder, output);
        report.Note($"{Environment.ProcessorCount} processors; a ratio of 2 is twice as fast, or where it is to be at most something, twice as dear");
        try
        {
            foreach (var section in wanted)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await (section.NeedsOwnProcess && wanted.Length > 1
                    ? OwnProcess.MeasureAsync(section.Rows[0], report, cancellationToken)
                    : section.MeasureAsync(report));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        if (json is not null)
        {
            await ReportWriter.SaveAsync(json, report.Rows, cancellationToken);
        }

        if (plots is not null)
        {
            Plots.Save(plots, report);
        }

        return report.Rows.Any(row => row.IsMissed) ? 1 : 0;
    }

    private static ISection[] Find(Func<string, bool> isWanted) => [.. _sections.Where(section => section.Rows.Any(isWanted))];
}
