using System.Globalization;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;
using Swarm.Inference;

namespace Swarm.Benchmarks.Sections;

/// <summary>
/// Time to the first token of a hot standby, really run: from its request to take over to the logits behind one more input, against one
/// step of the same model at the same length. Planned: the holder has released the context; unplanned: it holds it still, and says nothing
/// more, as after a kill. Leader and standby change places in each round.
/// </summary>
internal sealed class StandbySection : ISection
{
    private const long MemoryBytes = 1L << 30;
    private const double MostSteps = 1.5;
    private const double MostGrowth = 1.3;

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["ttft.small.standby", "ttft.tiny.standby"];

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        using (var small = new SmallModel())
        {
            Samples? shortest = null;
            foreach (var length in report.IsQuick ? (int[])[1024] : [1024, 4096, 16_384])
            {
                var planned = await MeasureAsync(report, small, "small", length);
                shortest ??= planned;
                if (length == 16_384)
                {
                    report.Add(shortest.Growth("ttft.small.standby.growth", "1,024 positions, less the longer step", planned, Goal.AtMost(MostGrowth)));
                }
            }
        }

        if (!report.IsQuick)
        {
            using var tiny = new SmallModel("tiny");
            await MeasureAsync(report, tiny, "tiny", 65_536);
        }
    }

    /// <param name="report">Receives the rows.</param>
    /// <param name="model">The model.</param>
    /// <param name="name">Its name.</param>
    /// <param name="length">Positions of the context, with the input that the successor adds: as many as the longest runtime holds.</param>
    private static async Task<Samples> MeasureAsync(ReportContext report, SmallModel model, string name, int length)
    {
        var positions = length - 1;
        await using var silo = await BenchSilo.OverFolderAsync(report.NewFolder("standby"), MemoryBytes);
        var tokens = SmallModel.Tokens(positions + 1);
        using var plain = model.NewRuntime(positions + 1);
        using var first = model.NewRuntime(positions + 1);
        using var second = model.NewRuntime(positions + 1);
        var leader = await silo.Client.Agent("leader").OpenAsync("c", first);
        await leader.FeedAsync(tokens.AsMemory(0, positions));
        await leader.FlushAsync();
        await using (var reader = await silo.Client.OpenReaderAsync("c"))
        {
            await reader.RehydrateAsync(plain, RehydrationStrategy.LoadKv);
        }

        LlamaRuntime runtime = second, other = first;
        using var alone = new ReferenceThread();
        var logits = new float[plain.VocabularySize];
        var (planned, unplanned) = (new Samples(), new Samples());
        for (var round = -2; round < 2 * report.Rounds; round++)
        {
            var isPlanned = round % 2 == 0;
            await using var standby = await silo.Client.Agent("standby").StandByAsync("c", runtime);
            await standby.WaitForCatchUpAsync();
            if (isPlanned)
            {
                await leader.ReleaseAsync();
            }

            plain.Truncate(positions);
            var step = await Comparison.TimeAsync(() => alone.RunAsync(() => plain.Forward(tokens.AsSpan(positions), logits)));
            var started = TimeProvider.System.GetTimestamp();
            var successor = await standby.TakeOverAsync(isPlanned ? TakeOver.IfReleased : TakeOver.Now);
            await successor.FeedAsync(tokens.AsMemory(positions));
            var time = TimeProvider.System.GetElapsedTime(started);
            if (!successor.Logits.Span.SequenceEqual(logits) || successor.Rehydration.Held != positions)
            {
                throw new InvalidOperationException(
                    $"The standby held {successor.Rehydration.Held} of {positions} positions, or the logits are others.");
            }

            if (round >= 0)
            {
                (isPlanned ? planned : unplanned).Add(step, time);
            }

            await leader.CloseAsync();
            await successor.RewindAsync(positions);
            (leader, runtime, other) = (successor, other, runtime);
        }

        await leader.DisposeAsync();
        report.Add(planned.Cost(Name(""), "a step", Goal.AtMost(MostSteps)));
        report.Add(unplanned.Cost(Name(".unplanned"), "a step", Goal.AtMost(MostSteps)));
        return planned;

        string Name(string what) => string.Create(CultureInfo.InvariantCulture, $"ttft.{name}.{length}.standby{what}");
    }
}
