using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;
using Swarm.Core.Contexts;
using Swarm.Storage.Files;

namespace Swarm.Benchmarks.Sections;

/// <summary>Appends to the embedded store, and rehydration from it.</summary>
internal sealed class FolderSection : SyntheticSection
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows { get; } = ["append.file", "rehydrate.folder", "rehydrate.disk"];

    /// <inheritdoc/>
    protected override async Task MeasureAsync(ReportContext report, KvMemory source, KvMemory destination)
    {
        var positions = Positions(report.IsQuick);
        await using var filled = FilledStore.OverFolder(report.NewFolder("folder"), source, Model.Describe(), memoryTierBytes: 0);
        var file = new PlainFile(Path.Combine(report.NewFolder("plain"), "file"));
        var (appends, context) = await MeasureAppendsAsync(
            report.Rounds, positions, filled, () => Comparison.TimeAsync(() => Task.Run(() => file.Write(source))));
        report.Add(appends.Speed("append.file", "a plain file write with fsync", source.Bytes, Goal.AtLeast(0.7)));
        report.Add((await Comparison.MeasureAsync(
            report.Rounds,
            () => VerifiedAsync("file", source, destination, () => Task.Run(() => file.Read(destination))),
            () => VerifiedAsync("folder", source, destination, () => Rehydration.LoadAsync(
                context.Open.ReadKvAsync(0, positions, KvReading.FromFiles, default), filled.Model.Geometry, destination, KvTier.Blob))))
            .Speed("rehydrate.folder", "a plain file read, both cached", source.Bytes, Goal.AtLeast(0.8)));
        await MeasureDiskTierAsync(report, source, destination, file);
    }

    private async Task MeasureDiskTierAsync(ReportContext report, KvMemory source, KvMemory destination, PlainFile file)
    {
        var positions = Positions(report.IsQuick);
        await using var filled = new FilledStore(
            new FileBlobStore(report.NewFolder("below")), source, Model.Describe(), memoryTierBytes: 0, diskTier: report.NewFolder("tier"));
        var context = await filled.CreateAsync(positions);
        await filled.AppendAllAsync(context);
        while (!await IsAllOnDiskAsync(context.Open.ReadKvAsync(0, positions, KvReading.IntoMemory, default)))
        {
            // What was appended faster than the disk tier took it is offered again by this reading.
        }

        report.Add((await Comparison.MeasureAsync(
            report.Rounds,
            () => VerifiedAsync("file", source, destination, () => Task.Run(() => file.Read(destination))),
            () => VerifiedAsync("disk", source, destination, () => Rehydration.LoadAsync(
                context.Open.ReadKvAsync(0, positions, KvReading.FromFiles, default), filled.Model.Geometry, destination, KvTier.Disk))))
            .Speed("rehydrate.disk", "a plain file read, both cached", source.Bytes, Goal.AtLeast(0.8)));
    }

    private static async Task<bool> IsAllOnDiskAsync(IAsyncEnumerable<KvRunData> runs)
    {
        var isAll = true;
        await foreach (var run in runs)
        {
            isAll &= run.Tier == KvTier.Disk;
            run.Dispose();
        }

        return isAll;
    }
}
