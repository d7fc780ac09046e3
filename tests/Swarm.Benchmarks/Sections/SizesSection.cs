using System.Globalization;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>Rehydration over the data plane by size: from one record on, where the round trip counts, to where only bytes do.</summary>
internal sealed class SizesSection : ISection
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["sizes.memory.wire"];

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        foreach (var positions in report.IsQuick ? (int[])[64, 512] : [64, 128, 256, 512, 1024, 2048])
        {
            await new SizeSection(positions).MeasureAsync(report);
        }
    }

    private sealed class SizeSection(int positions) : SyntheticSection
    {
        public override IReadOnlyList<string> Rows { get; } = ["sizes.memory.wire"];

        protected override int Positions(bool isQuick) => positions;

        protected override async Task MeasureAsync(ReportContext report, KvMemory source, KvMemory destination)
        {
            await using var filled = FilledStore.OverFolder(
                report.NewFolder("sizes"), source, Model.Describe(), memoryTierBytes: 3 * source.Bytes);
            var context = await filled.CreateAsync(positions);
            await filled.AppendAllAsync(context);
            await using var server = await LoopbackServer.StartAsync(filled.Store);
            var (client, session) = await server.AttachAsync(context);
            await using var _ = client;
            using var socket = await PlainSocket.ConnectAsync();
            report.Add((await Comparison.MeasureAsync(
                report.Rounds,
                () => VerifiedAsync("socket", source, destination, () => socket.RunAsync(source, destination)),
                () => VerifiedAsync("wire", source, destination, () => Rehydration.ReceiveAsync(
                    session, positions, Model.Geometry, destination, KvTier.Memory))))
                .Speed(
                    string.Create(CultureInfo.InvariantCulture, $"sizes.memory.wire.{source.Bytes >> 20}MiB"),
                    "a plain socket",
                    source.Bytes,
                    null));
        }
    }
}
