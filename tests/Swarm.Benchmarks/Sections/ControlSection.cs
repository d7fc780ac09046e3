using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>What a handoff costs apart from its bytes: it must not grow with the context.</summary>
internal sealed class ControlSection : ISection
{
    private const int Short = 1 << 10;
    private const int Long = 1 << 20;
    private const int Step = 4096;

    private static readonly ModelDescriptor _model = FilledStore.Describe(
        "tokens-only", KvGeometry.GroupedQuery(layers: 4, kvHeads: 2, headDim: 32, KvDType.Float32));

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["handoff.control"];

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        var rounds = report.IsQuick ? 50 : 300;
        await using var silo = await BenchSilo.OverFolderAsync(report.NewFolder("control"), memoryTierBytes: 64 << 20);
        List<double> shorts = [];
        List<double> longs = [];
        await FillAsync(silo.Client, "short", Short);
        await FillAsync(silo.Client, "long", Long);
        for (var round = -5; round < rounds; round++)
        {
            var ofShort = await HandOffAsync(silo.Client, "short", Short);
            var ofLong = await HandOffAsync(silo.Client, "long", Long);
            if (round >= 0)
            {
                shorts.Add(ofShort.TotalMilliseconds);
                longs.Add(ofLong.TotalMilliseconds);
            }
        }

        report.AddDistribution("handoff.control", ($"{Short} positions", [.. shorts]), ($"{Long} positions", [.. longs]));
        var reference = Samples.Percentile(shorts, 0.99);
        var value = Samples.Percentile(longs, 0.99);
        report.Add(new ReportRow(
            "handoff.control", value, "ms", $"p99 of {reference:0.0} ms at {Short} positions", value / reference, 0, rounds, Goal.AtMost(1.5)));
    }

    private static async Task FillAsync(SwarmClient client, string context, int positions)
    {
        await using var memory = await client.Agent("a").OpenAsync(context, _model);
        var tokens = new int[Step];
        for (var done = 0; done < positions; done += tokens.Length)
        {
            await memory.FeedAsync(tokens.AsMemory(0, Math.Min(tokens.Length, positions - done)));
        }

        await memory.ReleaseAsync();
    }

    /// <summary>From the request to give a context back to its acquisition by another agent, without what is read then.</summary>
    /// <remarks>
    /// Silo and both agents share this process here: what reading a million inputs leaves to collect is collected before each of the
    /// two timed parts, of the short context as well, so that it is not counted to whoever comes next.
    /// </remarks>
    private static async Task<TimeSpan> HandOffAsync(SwarmClient client, string context, int positions)
    {
        TimeSpan release;
        await using (var before = await client.Agent("a").OpenAsync(context, _model))
        {
            GC.Collect();
            release = await Comparison.TimeAsync(async () => await before.ReleaseAsync());
        }

        GC.Collect();
        await using var after = await client.Agent("b").OpenAsync(context, _model);
        if (after.Length != positions)
        {
            throw new InvalidOperationException($"The successor finds {after.Length} positions instead of {positions}.");
        }

        await after.ReleaseAsync();
        return release + after.Rehydration.ControlElapsed;
    }
}
