using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.Storage;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;

namespace Swarm.Benchmarks.Sections;

/// <summary>Many agents on one silo's store: how long streaming ones wait, and what idle ones keep in memory.</summary>
internal sealed class AgentsSection : ISection
{
    private const int Streaming = 1_000;
    private const int IdleBytes = 4 << 10;

    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(100);
    private static readonly ModelDescriptor _model = FilledStore.Describe(
        "tokens-only", KvGeometry.GroupedQuery(layers: 4, kvHeads: 2, headDim: 32, KvDType.Float32));

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["agents.streaming", "agents.idle"];

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        await MeasureStreamingAsync(report);
        await MeasureIdleAsync(report);
    }

    private static async Task MeasureStreamingAsync(ReportContext report)
    {
        var options = new ContextStoreOptions();
        using var blobs = new FileBlobStore(report.NewFolder("agents"));
        await using var store = NewStore(blobs, options);
        var agents = await Task.WhenAll(Enumerable.Range(0, Streaming).Select(index => StartAsync(store, $"c{index}")));
        var latencies = new ConcurrentBag<double>();
        var warmUp = Stopwatch.GetTimestamp() + (2 * Stopwatch.Frequency);
        var end = warmUp + ((report.IsQuick ? 5 : 20) * Stopwatch.Frequency);
        await Task.WhenAll(agents.Select(async (agent, index) =>
        {
            var random = new Random(index);
            await Task.Delay(_period * random.NextDouble());
            for (var position = 0; ; position++)
            {
                var started = Stopwatch.GetTimestamp();
                if (started > end)
                {
                    return;
                }

                await agent.Context.AppendInputsAsync(
                    agent.Proof, new InputRun(position, new[] { position % 1000 }, new[] { 1 }), [], default);
                var elapsed = Stopwatch.GetElapsedTime(started);
                if (started > warmUp)
                {
                    latencies.Add(elapsed.TotalMilliseconds);
                }

                await Task.Delay(_period * (0.5 + random.NextDouble()));
            }
        }));
        var value = Samples.Percentile(latencies, 0.99);
        report.AddDistribution("agents.streaming", ($"{Streaming} agents, acknowledged", [.. latencies]));
        var interval = options.FlushInterval.TotalMilliseconds;
        report.Add(new ReportRow(
            "agents.streaming", value, "ms", $"the flush interval, {interval:0} ms (p99)", value / interval, 0, latencies.Count, Goal.AtMost(4)));
    }

    private static async Task MeasureIdleAsync(ReportContext report)
    {
        var count = report.IsQuick ? 10_000 : 100_000;
        var folder = Directory.Exists("/dev/shm") ? Directory.CreateTempSubdirectory("swarm-bench-idle-").FullName : report.NewFolder("idle");
        using var blobs = new FileBlobStore(folder);
        await using (var writer = NewStore(blobs, new ContextStoreOptions { StopTimeout = TimeSpan.FromMinutes(10) })) // All are closed: no log is read below.
        {
            await ForEachAsync(count, async index =>
            {
                var agent = await StartAsync(writer, $"c{index}");
                await agent.Context.AppendInputsAsync(agent.Proof, new InputRun(0, new int[100], new[] { 100 }), [], default);
            });
        }

        await using var store = NewStore(blobs, new ContextStoreOptions { HousekeepingInterval = TimeSpan.FromMinutes(1) });
        var open = new IOpenContext[count];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await ForEachAsync(count, async index =>
            open[index] = (await store.OpenAsync(Spec($"c{index}").Id, default))!);
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count;
        if (open.Any(context => context.Status.Durable.Tokens != 100))
        {
            throw new InvalidOperationException("An idle context does not hold what was appended.");
        }

        report.Add(new ReportRow(
            "agents.idle", bytes, "bytes", $"4 KiB for each of {count} open contexts", bytes / IdleBytes, 0, count, Goal.AtMost(1)));
    }

    private static Task ForEachAsync(int count, Func<int, Task> work) => Parallel.ForEachAsync(
        Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (index, _) => await work(index));

    private static ContextStore NewStore(IBlobStore blobs, ContextStoreOptions options) =>
        new(blobs, options, TimeProvider.System, NullLoggerFactory.Instance);

    private static ContextSpec Spec(string name) => new(FilledStore.Tenant, name, _model, PrefixHasher.DefaultBlockTokens);

    private static async Task<(IOpenContext Context, SessionProof Proof)> StartAsync(ContextStore store, string name)
    {
        var spec = Spec(name);
        await store.CreateAsync(spec, default);
        var context = (await store.OpenAsync(spec.Id, default))!;
        var secret = SessionSecret.Create();
        var grant = await context.AcquireAsync(new AcquireRequest("a", secret.Hash, context.Status.Epoch), default);
        return (context, new SessionProof(grant.Epoch, secret.Hash));
    }
}
