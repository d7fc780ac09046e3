using System.Globalization;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;
using Swarm.Inference;

namespace Swarm.Benchmarks.Sections;

/// <summary>
/// Time to the first token of a successor, really run: from its request to the logits behind one more input, against the
/// same model that computes the whole context again. The logits are the same bits. Rows named shared are of an agent that opens a new
/// context with the same prompt, out of the silo's memory.
/// </summary>
internal sealed class TtftSection : ISection
{
    private static readonly (int Positions, string Tier, double Goal)[] _goals =
    [
        (4096, "memory.wire", 60), (16_384, "memory.wire", 136), (16_384, "disk", 100), (4096, "blob", 9),
    ];

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["ttft.small"];

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        using var model = new SmallModel();
        foreach (var positions in report.IsQuick ? (int[])[64, 1024] : [16, 64, 256, 1024, 4096, 16_384])
        {
            await MeasureAsync(report, model, positions);
        }
    }

    private static async Task MeasureAsync(ReportContext report, SmallModel model, int positions)
    {
        var tokens = SmallModel.Tokens(positions + 1);
        using var plain = model.NewRuntime(positions + 64);
        var logits = new float[plain.VocabularySize];
        SmallModel.Prefill(plain, tokens.AsSpan(0, positions), logits);
        await using var silos = await TierSilos.StartAsync(report);
        await silos.FillAsync(plain, tokens.AsMemory(0, positions));
        var tiers = silos.All;
        var warm = tiers[0].Silo;
        using var successor = model.NewRuntime(positions + 64);
        var sharing = new Samples();
        for (var round = -1; round < 5; round++)
        {
            plain.Truncate(0);
            var prefill = await Comparison.TimeAsync(() => Task.Run(() =>
            {
                SmallModel.Prefill(plain, tokens.AsSpan(0, positions), logits);
                plain.Forward(tokens.AsSpan(positions), logits);
            }));
            foreach (var tier in tiers)
            {
                var time = await Succession.MeasureAsync(tier.Silo, tier.Kv, successor, tokens, logits);
                if (round >= 0)
                {
                    tier.Samples.Add(prefill, time);
                }
            }

            if (positions % successor.MaxStepTokens == 0)
            {
                var time = await ShareAsync(warm, round, successor, tokens, logits);
                if (round >= 0)
                {
                    sharing.Add(prefill, time);
                }
            }
        }

        foreach (var tier in tiers)
        {
            var goal = _goals.FirstOrDefault(goal => goal.Positions == positions && goal.Tier == tier.Name);
            report.Add(tier.Samples.Sooner(
                string.Create(CultureInfo.InvariantCulture, $"ttft.small.{positions}.{tier.Name}"),
                "re-prefill",
                goal == default ? null : Goal.AtLeast(goal.Goal)));
        }

        if (positions % successor.MaxStepTokens == 0)
        {
            report.Add(sharing.Sooner(string.Create(CultureInfo.InvariantCulture, $"ttft.small.{positions}.shared"), "prefill", null));
        }
    }

    private static async Task<TimeSpan> ShareAsync(BenchSilo silo, int round, LlamaRuntime runtime, int[] tokens, float[] expected)
    {
        var agent = silo.Client.Agent("newcomer");
        var started = TimeProvider.System.GetTimestamp();
        await using var memory = await agent.OpenWithPromptAsync($"new/{round}", runtime, tokens);
        var time = TimeProvider.System.GetElapsedTime(started);
        if (!memory.Logits.Span.SequenceEqual(expected) || memory.Rehydration.Loaded != tokens.Length - 1)
        {
            throw new InvalidOperationException(
                $"{memory.Rehydration.Loaded} of {tokens.Length - 1} positions were shared, or the logits are others.");
        }

        await memory.ReleaseAsync();
        return time;
    }
}
