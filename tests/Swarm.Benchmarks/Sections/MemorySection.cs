using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;
using Swarm.Core.Contexts;

namespace Swarm.Benchmarks.Sections;

/// <summary>Rehydration out of the silo's memory: in its process, and over its data plane.</summary>
/// <param name="model">The model; <see langword="null"/> for the one that goals are set for.</param>
internal sealed class MemorySection(SyntheticModel? model = null) : SyntheticSection(model)
{
    private readonly string _suffix = model is null ? "" : $".{model.Name}";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => [$"rehydrate.memory.inproc{_suffix}", $"rehydrate.memory.wire{_suffix}"];

    private bool HasGoals => _suffix.Length == 0;

    /// <inheritdoc/>
    protected override int Positions(bool isQuick) => HasGoals ? base.Positions(isQuick) : isQuick ? 256 : 768;

    /// <inheritdoc/>
    protected override async Task MeasureAsync(ReportContext report, KvMemory source, KvMemory destination)
    {
        var positions = Positions(report.IsQuick);
        await using var filled = FilledStore.OverFolder(
            report.NewFolder("memory"), source, Model.Describe(), memoryTierBytes: 3 * source.Bytes);
        var context = await filled.CreateAsync(positions);
        await filled.AppendAllAsync(context);
        var geometry = filled.Model.Geometry;
        report.Add((await Comparison.MeasureAsync(
            report.Rounds,
            () => VerifiedAsync("memcpy", source, destination, () => Task.Run(() => PlainCopy.Run(source, destination))),
            () => VerifiedAsync("memory", source, destination, () => Rehydration.LoadAsync(
                context.Open.ReadKvAsync(0, positions, KvReading.IntoMemory, default), geometry, destination, KvTier.Memory))))
            .Speed(Rows[0], "memcpy", source.Bytes, HasGoals ? Goal.AtLeast(0.5) : null));

        await using var server = await LoopbackServer.StartAsync(filled.Store);
        var (client, session) = await server.AttachAsync(context);
        await using (client)
        {
            Task<TimeSpan> WireAsync() => VerifiedAsync("wire", source, destination, () => Rehydration.ReceiveAsync(
                session, positions, geometry, destination, KvTier.Memory));
            using var socket = await PlainSocket.ConnectAsync();
            report.Add((await Comparison.MeasureAsync(
                report.Rounds,
                () => VerifiedAsync("socket", source, destination, () => socket.RunAsync(source, destination)),
                WireAsync)).Speed(Rows[1], "a plain socket", source.Bytes, HasGoals ? Goal.AtLeast(0.7) : null));
            if (!HasGoals)
            {
                return;
            }

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
                WireAsync)).Speed(Rows[1], "Redis GET of 1 MiB values", source.Bytes, Goal.AtLeast(1.2)));
        }
    }
}
