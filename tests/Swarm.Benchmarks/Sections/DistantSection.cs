using System.Buffers;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;
using Swarm.Core.Contexts;
using Swarm.Storage.Files;

namespace Swarm.Benchmarks.Sections;

/// <summary>Appends to a distant store, and rehydration from it, against the same bytes in plain parallel pieces over the same link.</summary>
internal sealed class DistantSection : SyntheticSection
{
    private const int Piece = 8 << 20;
    private const int AtOnce = 8;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows { get; } = ["append.distant", "rehydrate.distant"];

    /// <inheritdoc/>
    protected override int Positions(bool isQuick) => isQuick ? 512 : 1024;

    /// <inheritdoc/>
    protected override async Task MeasureAsync(ReportContext report, KvMemory source, KvMemory destination)
    {
        var positions = Positions(report.IsQuick);
        using var plain = new DistantBlobStore(new FileBlobStore(report.NewFolder("plain")));
        await using var filled = new FilledStore(
            new DistantBlobStore(new FileBlobStore(report.NewFolder("distant"))), source, Model.Describe(), memoryTierBytes: 0);
        var round = 0;
        var (appends, context) = await MeasureAppendsAsync(
            5, positions, filled, () => Comparison.TimeAsync(() => UploadAsync(plain, source, ++round)));
        report.Add(appends.Speed("append.distant", "plain parallel uploads there", source.Bytes, null));
        report.Add((await Comparison.MeasureAsync(
            5,
            () => VerifiedAsync("plain", source, destination, () => DownloadAsync(plain, destination, round)),
            () => VerifiedAsync("distant", source, destination, () => Rehydration.LoadAsync(
                context.Open.ReadKvAsync(0, positions, KvReading.IntoMemory, default), Model.Geometry, destination, KvTier.Blob))))
            .Speed("rehydrate.distant", "plain parallel reads there", source.Bytes, null));
    }

    private static Task UploadAsync(DistantBlobStore store, KvMemory source, int round) => ForEachPieceAsync(
        source, async (offset, memory) =>
            await store.CreateAsync($"chunks/{round}/{offset}", new ReadOnlySequence<byte>(memory), default));

    private static Task DownloadAsync(DistantBlobStore store, KvMemory destination, int round) => ForEachPieceAsync(
        destination, async (offset, memory) => await store.ReadAsync($"chunks/{round}/{offset}", 0, memory, default));

    private static Task ForEachPieceAsync(KvMemory memory, Func<long, Memory<byte>, Task> work)
    {
        var pieces = Enumerable.Range(0, (int)((memory.Bytes + Piece - 1) / Piece));
        return Parallel.ForEachAsync(
            pieces,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (piece, _) => await work((long)piece * Piece, memory.Memory((long)piece * Piece, Piece)));
    }
}
