using System.Globalization;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>Time to the first token of a successor with llama.cpp, out of the silo's memory, against llama.cpp's own computation of the whole context. The logits are the same bits.</summary>
internal sealed class LlamaCppTtftSection : ISection
{
    private const string Row = "ttft.llamacpp";
    private const long MemoryBytes = 1L << 30;
    private const int Rounds = 3;

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = [Row];

    /// <inheritdoc/>
    public bool NeedsOwnProcess => true;

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        var positions = report.IsQuick ? 1024 : 4096;
        using var model = new SmallGguf(report.NewFolder("gguf"));
        await using var silo = await BenchSilo.OverFolderAsync(report.NewFolder("warm"), MemoryBytes);
        using var successor = model.NewRuntime(positions + 64);
        using var plain = model.NewRuntime(positions + 64);
        var tokens = SmallModel.Tokens(positions + 1);
        await using (var predecessor = await silo.Client.Agent("predecessor").OpenAsync("c", successor))
        {
            await predecessor.FeedAsync(tokens.AsMemory(0, positions));
            await predecessor.ReleaseAsync();
        }

        var logits = new float[plain.VocabularySize];
        var samples = new Samples();
        for (var round = -1; round < Rounds; round++)
        {
            plain.Truncate(0);
            var prefill = await Comparison.TimeAsync(() => Task.Run(() =>
            {
                SmallModel.Prefill(plain, tokens.AsSpan(0, positions), logits);
                plain.Forward(tokens.AsSpan(positions), logits);
            }));
            var time = await Succession.MeasureAsync(silo, KvTier.Memory, successor, tokens, logits);
            if (round >= 0)
            {
                samples.Add(prefill, time);
            }
        }

        report.Add(samples.Sooner(
            string.Create(CultureInfo.InvariantCulture, $"{Row}.{positions}.memory.wire"), "re-prefill by llama.cpp", report.IsQuick ? null : Goal.AtLeast(30)));
    }
}
