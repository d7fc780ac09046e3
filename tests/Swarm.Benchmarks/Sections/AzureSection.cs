using Swarm.Azurite;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;
using Swarm.Core.Contexts;
using Swarm.Storage.Azure;

namespace Swarm.Benchmarks.Sections;

/// <summary>Appends to blob storage, here its emulator, and rehydration from it.</summary>
internal sealed class AzureSection : SyntheticSection
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows { get; } = ["append.blob", "rehydrate.blob"];

    /// <inheritdoc/>
    protected override int Positions(bool isQuick) => isQuick ? 512 : 1024;

    /// <inheritdoc/>
    protected override async Task MeasureAsync(ReportContext report, KvMemory source, KvMemory destination)
    {
        var positions = Positions(report.IsQuick);
        var rounds = Math.Min(5, report.Rounds);
        await using var azurite = await AzuriteProcess.StartAsync(report.NewFolder("azurite"));
        await using var filled = new FilledStore(
            AzureBlobStore.Connect(azurite.ConnectionString, "swarm"), source, Model.Describe(), memoryTierBytes: 0);
        var blob = new PlainBlob(azurite.ConnectionString);
        var (appends, context) = await MeasureAppendsAsync(
            rounds, positions, filled, () => Comparison.TimeAsync(() => blob.UploadAsync(source)));
        report.Add(appends.Speed("append.blob", "the SDK's parallel upload", source.Bytes, Goal.AtLeast(0.8)));
        report.Add((await Comparison.MeasureAsync(
            rounds,
            () => VerifiedAsync("SDK", source, destination, () => blob.DownloadAsync(destination)),
            () => VerifiedAsync("blob", source, destination, () => Rehydration.LoadAsync(
                context.Open.ReadKvAsync(0, positions, KvReading.IntoMemory, default), filled.Model.Geometry, destination, KvTier.Blob))))
            .Speed("rehydrate.blob", "the SDK's parallel download", source.Bytes, Goal.AtLeast(0.9)));
    }
}
