using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;
using Swarm.Core.Contexts;

namespace Swarm.Benchmarks.Sections;

/// <summary>Rehydration out of the silo's memory: in its process, and over its data plane.</summary>
internal sealed class MemorySection : SyntheticSection
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows { get; } = ["rehydrate.memory.inproc", "rehydrate.memory.wire"];

    /// <inheritdoc/>
    protected override async Task MeasureAsync(ReportContext report, KvMemory source, KvMemory destination)
    {
        var positions = Positions(report.IsQuick);
        await using var filled = FilledStore.OverFolder(
            report.NewFolder("memory"), source, Model(source), memoryTierBytes: 3 * source.Bytes);
        var context = await filled.CreateAsync(positions);
        await filled.AppendAllAsync(context);
        var geometry = filled.Model.Geometry;
        report.Add((await Comparison.MeasureAsync(
            report.Rounds,
            () => VerifiedAsync("memcpy", source, destination, () => Task.Run(() => PlainCopy.Run(source, destination))),
            () => VerifiedAsync("memory", source, destination, () => Rehydration.LoadAsync(
                context.Open.ReadKvAsync(0, positions, default), geometry, destination, KvTier.Memory))))
            .Speed("rehydrate.memory.inproc", "memcpy", source.Bytes, Goal.AtLeast(0.5)));

        await using var server = await LoopbackServer.StartAsync(filled.Store);
        var (client, session) = await server.AttachAsync(context);
        await using (client)
        {
            Task<TimeSpan> WireAsync() => VerifiedAsync("wire", source, destination, () => Rehydration.LoadAsync(
                session.ReadKvAsync(0, positions), geometry, destination, KvTier.Memory));
            using var socket = await PlainSocket.ConnectAsync();
            report.Add((await Comparison.MeasureAsync(
                report.Rounds,
                () => VerifiedAsync("socket", source, destination, () => socket.RunAsync(source, destination)),
                WireAsync)).Speed("rehydrate.memory.wire", "a plain socket", source.Bytes, Goal.AtLeast(0.7)));
            await using var redis = await RedisServer.TryStartAsync(report.NewFolder("redis"));
            if (redis is null)
            {
                report.Note("rehydrate.memory.wire against Redis is left out: there is no redis-server on the PATH (Debian: redis-server).");
                return;
            }

            await redis.SetAsync(source);
            report.Add((await Comparison.MeasureAsync(
                report.Rounds,
                () => VerifiedAsync("Redis", source, destination, () => redis.GetAsync(destination)),
                WireAsync)).Speed("rehydrate.memory.wire", "Redis GET of 1 MiB values", source.Bytes, Goal.AtLeast(1.2)));
        }
    }
}
