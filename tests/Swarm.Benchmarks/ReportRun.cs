using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;
using Swarm.Core.Contexts;
using Swarm.Core.Geometry;

namespace Swarm.Benchmarks;

/// <summary>Measures every path, each against its reference, and verifies the bytes that each brought.</summary>
/// <param name="isQuick">Fewer bytes and rounds.</param>
/// <param name="json">Where the rows go too.</param>
/// <param name="output">Where the table goes.</param>
internal sealed class ReportRun(bool isQuick, FileInfo? json, TextWriter output)
{
    private const int Seed = 20261125;

    private readonly Comparison _comparison = new(isQuick ? 5 : 11);
    private readonly int _positions = isQuick ? 512 : 2048; // Of Llama-3-8B: 128 KiB each.
    private readonly List<ReportRow> _rows = [];

    /// <summary>Runs all.</summary>
    /// <returns>Exit code: 0, or 1 where a goal is missed.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var geometry = KvGeometry.GroupedQuery(layers: 32, kvHeads: 8, headDim: 128, KvDType.BFloat16);
        using var source = new KvMemory(geometry, _positions);
        using var destination = new KvMemory(geometry, _positions);
        source.Fill(Seed);
        var folder = Directory.CreateTempSubdirectory("swarm-bench-");
        try
        {
            await output.WriteLineAsync(
                $"{_positions} positions of Llama-3-8B's geometry, {source.Bytes >> 20} MiB, {Environment.ProcessorCount} processors; a ratio of 2 is twice as fast");
            await MeasureMemoryAsync(folder, source, destination);
            await MeasureFolderAsync(folder, source, destination);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        if (json is not null)
        {
            await ReportWriter.SaveAsync(json, _rows, cancellationToken);
        }

        return _rows.Any(row => row.IsMissed) ? 1 : 0;
    }

    private async Task MeasureMemoryAsync(DirectoryInfo folder, KvMemory source, KvMemory destination)
    {
        await using var filled = new FilledStore(
            Path.Combine(folder.FullName, "memory"), source, Model(source), memoryTierBytes: 3 * source.Bytes);
        var context = await filled.CreateAsync(_positions);
        await filled.AppendAllAsync(context);
        var geometry = filled.Model.Geometry;
        Add(await _comparison.MeasureAsync(
            "rehydrate.memory.inproc",
            "memcpy",
            source.Bytes,
            0.5,
            () => VerifiedAsync("memcpy", source, destination, () => Task.Run(() => PlainCopy.Run(source, destination))),
            () => VerifiedAsync("memory", source, destination, () => Rehydration.LoadAsync(
                context.Open.ReadKvAsync(0, _positions, default), geometry, destination, KvTier.Memory))));

        await using var server = await LoopbackServer.StartAsync(filled.Store);
        var (client, session) = await server.AttachAsync(context);
        await using (client)
        {
            using var socket = await PlainSocket.ConnectAsync();
            Add(await _comparison.MeasureAsync(
                "rehydrate.memory.wire",
                "a plain socket",
                source.Bytes,
                0.7,
                () => VerifiedAsync("socket", source, destination, () => socket.RunAsync(source, destination)),
                () => VerifiedAsync("wire", source, destination, () => Rehydration.LoadAsync(
                    session.ReadKvAsync(0, _positions), geometry, destination, KvTier.Memory))));
        }
    }

    private async Task MeasureFolderAsync(DirectoryInfo folder, KvMemory source, KvMemory destination)
    {
        await using var filled = new FilledStore(Path.Combine(folder.FullName, "folder"), source, Model(source), memoryTierBytes: 0);
        var file = new PlainFile(Path.Combine(folder.FullName, "plain"));
        FilledContext? context = null;
        Add(await _comparison.MeasureAsync(
            "append.file",
            "a plain file write with fsync",
            source.Bytes,
            0.6,
            () => Comparison.TimeAsync(() => Task.Run(() => file.Write(source))),
            async () =>
            {
                if (context is not null)
                {
                    await filled.Store.EraseAsync(context.Open.Id, default);
                    await filled.Store.CollectAsync(default); // Outside of the time: the disk is not to fill up.
                }

                context = await filled.CreateAsync(_positions);
                return await Comparison.TimeAsync(() => filled.AppendAllAsync(context));
            }));
        Add(await _comparison.MeasureAsync(
            "rehydrate.folder",
            "a plain file read, both cached",
            source.Bytes,
            0.7,
            () => VerifiedAsync("file", source, destination, () => Task.Run(() => file.Read(destination))),
            () => VerifiedAsync("folder", source, destination, () => Rehydration.LoadAsync(
                context!.Open.ReadKvAsync(0, _positions, default), filled.Model.Geometry, destination, KvTier.Blob))));
    }

    private static Core.Models.ModelDescriptor Model(KvMemory source) => FilledStore.Describe("llama-3-8b", source.Geometry);

    private static async Task<TimeSpan> VerifiedAsync(string path, KvMemory source, KvMemory destination, Func<Task> work)
    {
        destination.Clear();
        var time = await Comparison.TimeAsync(work);
        destination.RequireEqual(source, path);
        return time;
    }

    private void Add(ReportRow row)
    {
        _rows.Add(row);
        output.WriteLine(ReportWriter.Line(row));
    }
}
