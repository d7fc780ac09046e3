using System.Globalization;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>
/// Time to the first token of a successor that loads all KV, against its limit: the same bytes by a plain socket, file or SDK download, and one step of the
/// model, one after the other.
/// </summary>
internal sealed class TtftLimitSection : ISection
{
    private static readonly (string Tier, double Goal)[] _goals = [("memory.wire", 1.4), ("folder", 1.6), ("disk", 1.6), ("blob", 1.5)];

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["ttft.limit"];

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        using var model = new SmallModel();
        foreach (var positions in report.IsQuick ? (int[])[1024] : [4096, 16_384])
        {
            await MeasureAsync(report, model, positions);
        }
    }

    private static async Task MeasureAsync(ReportContext report, SmallModel model, int positions)
    {
        var tokens = SmallModel.Tokens(positions + 1);
        using var plain = model.NewRuntime(positions + 64);
        var logits = new float[plain.VocabularySize];
        using var alone = new ReferenceThread();
        await alone.RunAsync(() => SmallModel.Prefill(plain, tokens.AsSpan(0, positions), logits));
        await using var silos = await TierSilos.StartAsync(report);
        await silos.FillAsync(plain, tokens.AsMemory(0, positions));
        using var successor = model.NewRuntime(positions + 64);
        using var source = new KvMemory(plain.Model.Geometry, positions);
        using var destination = new KvMemory(plain.Model.Geometry, positions);
        source.Fill(positions);
        using var socket = await PlainSocket.ConnectAsync();
        var file = new PlainFile(Path.Combine(report.NewFolder("plain"), "file"));
        file.Write(source);
        var blob = new PlainBlob(silos.ConnectionString);
        await blob.UploadAsync(source);
        for (var round = -1; round < report.Rounds; round++)
        {
            foreach (var tier in silos.All)
            {
                var bytes = await Comparison.TimeAsync(() => tier.Name switch
                {
                    "memory.wire" => socket.RunAsync(source, destination),
                    "blob" => blob.DownloadAsync(destination),
                    _ => Task.Run(() => file.Read(destination)),
                });
                plain.Truncate(positions);
                var step = await Comparison.TimeAsync(() => alone.RunAsync(() => plain.Forward(tokens.AsSpan(positions), logits)));
                var time = await Succession.MeasureAsync(tier.Silo, tier.Kv, successor, tokens, logits);
                if (round >= 0)
                {
                    tier.Samples.Add(bytes + step, time);
                }
            }
        }

        foreach (var tier in silos.All)
        {
            report.Add(tier.Samples.Cost(
                string.Create(CultureInfo.InvariantCulture, $"ttft.limit.small.{positions}.{tier.Name}"),
                tier.Name switch { "memory.wire" => "plain socket", "blob" => "SDK download", _ => "plain file read" } + " and a step",
                Goal.AtMost(_goals.Single(goal => goal.Tier == tier.Name).Goal)));
        }
    }
}
