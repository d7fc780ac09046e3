using System.Diagnostics;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>What streaming costs an agent's step: the same steps with a session and without one, in turn, logits compared.</summary>
/// <typeparam name="TRuntime">The model's runtime.</typeparam>
/// <param name="row">Name of the row.</param>
/// <param name="reference">What it is measured against.</param>
/// <param name="most">The goal; <see langword="null"/> for none.</param>
/// <param name="open">Makes the model.</param>
/// <param name="followers">Standbys that follow the context, in this process too.</param>
internal sealed class StreamSection<TRuntime>(
    string row, string reference, double? most, Func<ReportContext, IBenchModel<TRuntime>> open, int followers = 0) : ISection
    where TRuntime : IKvRuntime, IDisposable
{
    private const int FirstPositions = 256;
    private const int StepsOfRound = 50;
    private const int WarmUp = 3;

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = [row];

    /// <inheritdoc/>
    public bool NeedsOwnProcess => typeof(TRuntime) == typeof(LlamaCppRuntime);

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        var rounds = report.Rounds;
        var tokens = SmallModel.Tokens(FirstPositions + ((rounds + WarmUp) * StepsOfRound));
        using var model = open(report);
        await using var silo = await BenchSilo.OverFolderAsync(report.NewFolder("stream"), memoryTierBytes: 256 << 20);
        using var plain = model.NewRuntime(tokens.Length);
        using var streaming = model.NewRuntime(tokens.Length);
        await using var memory = await silo.Client.Agent("a").OpenAsync("stream", streaming);
        List<TRuntime> following = [];
        List<AgentStandby> standbys = [];
        for (var follower = 0; follower < followers; follower++)
        {
            following.Add(model.NewRuntime(tokens.Length));
            standbys.Add(await silo.Client.Agent($"standby-{follower}").StandByAsync("stream", following[^1]));
        }

        using var alone = new ReferenceThread();
        var logits = new float[plain.VocabularySize];
        await alone.RunAsync(() => SmallModel.Prefill(plain, tokens.AsSpan(0, FirstPositions), logits));
        await memory.FeedAsync(tokens.AsMemory(0, FirstPositions));
        var samples = new Samples();
        for (var round = -WarmUp; round < rounds; round++)
        {
            var first = FirstPositions + ((round + WarmUp) * StepsOfRound);
            var without = TimeSpan.Zero;
            var with = TimeSpan.Zero;
            foreach (var isWith in round % 2 == 0 ? (bool[])[false, true] : [true, false])
            {
                var started = Stopwatch.GetTimestamp();
                if (isWith)
                {
                    for (var step = first; step < first + StepsOfRound; step++)
                    {
                        await memory.FeedAsync(tokens.AsMemory(step, 1));
                    }
                }
                else
                {
                    await alone.RunAsync(() =>
                    {
                        for (var step = first; step < first + StepsOfRound; step++)
                        {
                            plain.Forward(tokens.AsSpan(step, 1), logits);
                        }
                    });
                }

                (isWith ? ref with : ref without) = Stopwatch.GetElapsedTime(started) / StepsOfRound;
            }

            if (!memory.Logits.Span.SequenceEqual(logits))
            {
                throw new InvalidOperationException($"The streaming agent computes other logits at position {first + StepsOfRound}.");
            }

            if (round >= 0)
            {
                samples.Add(without, with);
            }
        }

        await memory.FlushAsync();
        foreach (var standby in standbys)
        {
            await standby.WaitForCatchUpAsync();
            await standby.DisposeAsync();
        }

        following.ForEach(runtime => runtime.Dispose());
        report.Add(samples.Cost(row, reference, most is { } ratio ? Goal.AtMost(ratio) : null));
    }
}
