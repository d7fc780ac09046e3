using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Swarm.Storage.Blobs;
using Swarm.Testing.Diagnostics;
using Swarm.Testing.Models;
using Swarm.Testing;
using Xunit;

namespace Swarm.Silo.Tests;

/// <summary>What a hand-over is measured and traced as, from the client's call to the store.</summary>
public sealed class InstrumentTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TakeOver_Traced_IsOneTraceFromClientThroughGrainToStoreAndDataPlane()
    {
        using var host = Build(out var gateway);
        await host.StartAsync(Token);
        await using (var swarm = await ConnectAsync(gateway, null))
        {
            await LeaveBehindAsync(swarm);
            using var trace = new SpanRecorder();
            await using (var b = await swarm.Agent("drone-b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token))
            {
                await b.RewindAsync(200, Token);
                await b.FlushAsync(Token);
                await b.ReleaseAsync("", Token);
            }

            var takeOver = Assert.Single(trace.Find("swarm.take_over"));
            var rehydrate = Assert.Single(trace.Find("swarm.rehydrate"));
            var rewind = Assert.Single(trace.Find("swarm.rewind"));
            var release = Assert.Single(trace.Find("swarm.release"));
            Assert.Single(trace.Find("swarm.flush"));
            Assert.Equal(trace.Root.SpanId, takeOver.ParentSpanId);
            Assert.Equal(takeOver.SpanId, rehydrate.ParentSpanId);
            Assert.Equal("track/1", takeOver.GetTagItem("swarm.context"));

            // The data plane carries the caller's span in its frames.
            await Poll.UntilAsync(() => trace.Find("swarm.data_plane.read").Count >= 3 && trace.Find("swarm.data_plane.rewind").Count == 1, Token);
            Assert.Contains(trace.Find("swarm.data_plane.attach"), span => span.ParentSpanId == takeOver.SpanId && span.HasRemoteParent);
            Assert.Equal(2, trace.Find("swarm.data_plane.read").Count(span => span.ParentSpanId == rehydrate.SpanId)); // Inputs and KV.
            Assert.All(trace.Find("swarm.data_plane.rewind"), span => Assert.Equal(rewind.SpanId, span.ParentSpanId));

            // A grain call is a span at both ends, and the store's operations are below the one of the silo.
            var grain = trace.Spans.Where(span => span.Source.Name == SwarmInstruments.Orleans && span.Kind == ActivityKind.Server).ToArray();
            Assert.Contains(grain, span => trace.IsBelow(span, takeOver));
            Assert.Contains(grain, span => trace.IsBelow(span, release));
            var epochs = trace.Find("swarm.store.create").Where(span => grain.Any(call => trace.IsBelow(span, call))).ToArray();
            Assert.Contains(epochs, span => trace.IsBelow(span, takeOver));
            Assert.Contains(epochs, span => trace.IsBelow(span, release));
            Assert.All(epochs, span => Assert.Equal("ok", span.GetTagItem("swarm.store.outcome")));
        }

        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Streaming_AfterATracedOpen_IsNoPartOfThatTrace()
    {
        using var host = Build(out var gateway);
        await host.StartAsync(Token);
        await using (var swarm = await ConnectAsync(gateway, null))
        {
            AgentMemory memory;
            int spans;
            using (var trace = new SpanRecorder())
            {
                memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
                await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
                await memory.FlushAsync(Token);
                spans = trace.Spans.Count;
                Activity.Current = null;
                await memory.FeedAsync(Enumerable.Range(0, 500).Select(index => index % 97).ToArray(), Token);
                await memory.FlushAsync(Token);

                // Neither appends nor their segments, though the connection and the loops were begun within the trace.
                Assert.DoesNotContain(trace.Spans.Skip(spans), span => span.Source.Name is SwarmInstruments.Storage or SwarmInstruments.DataPlane);
            }

            await memory.DisposeAsync();
        }

        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Silos_TwoInOneProcess_AreMeasuredApart()
    {
        using var first = Build(out var gateway);
        using var second = Build(out _);
        using var used = new MetricRecorder(first.Services.GetRequiredService<IMeterFactory>());
        using var idle = new MetricRecorder(second.Services.GetRequiredService<IMeterFactory>());
        using var clients = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = clients.GetRequiredService<IMeterFactory>();
        using var agents = new MetricRecorder(factory);
        await first.StartAsync(Token);
        await second.StartAsync(Token);

        await using (var swarm = await ConnectAsync(gateway, factory))
        {
            await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
            await a.FeedAsync(Enumerable.Range(0, 300).Select(index => index % 97).ToArray(), Token);
            await a.FlushAsync(Token);
            Assert.Equal(1, agents.Look("swarm.client.sessions"));
            Assert.Equal(0, agents.Look("swarm.client.undurable"));
            Assert.Equal(1, used.Look("swarm.contexts.open"));
            Assert.Equal(1, used.Look("swarm.data_plane.attachments"));
            Assert.Equal(1, used.Look("swarm.data_plane.connections"));
            Assert.True(used.Look("swarm.tier.usage") > 0);

            await using (var b = await swarm.Agent("drone-b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token))
            {
                await b.GenerateAsync(2, null, Token);
                Assert.Equal(300, agents.Sum("swarm.client.rehydration.positions", ("swarm.rehydration.source", "loaded")));
                await b.ReleaseAsync("", Token);
            }

            await Poll.UntilAsync(() => a.Fenced.IsCancellationRequested, Token);
            await a.CloseAsync(Token);
            await Poll.UntilAsync(() => used.Look("swarm.data_plane.attachments") == 0, Token);
            Assert.Equal(1, used.Look("swarm.data_plane.connections")); // It is the client's, not a session's.
            Assert.Equal(0, used.Look("swarm.lag.sum"));
        }

        await Poll.UntilAsync(() => used.Look("swarm.data_plane.connections") == 0, Token);

        // Each of these is of one silo, or of the clients, alone.
        Assert.Equal(1, used.Count("swarm.context.acquire.duration", ("swarm.acquire.mode", "if_free")));
        Assert.Equal(1, used.Count("swarm.context.acquire.duration", ("swarm.acquire.mode", "force")));
        Assert.Equal(1, used.Sum("swarm.context.takeovers"));
        Assert.Equal(1, used.Sum("swarm.context.fences", ("swarm.fence.kind", "session")));
        Assert.True(used.Count("swarm.append.duration", ("swarm.append.kind", "inputs")) > 0);
        Assert.True(used.Count("swarm.append.duration", ("swarm.append.kind", "kv")) > 0);
        Assert.True(used.Count("swarm.log.acknowledge.duration") > 0);
        Assert.True(used.Count("swarm.store.operation.duration", ("swarm.store.operation", "create"), ("swarm.store.outcome", "ok")) > 0);
        Assert.Equal(1, agents.Count("swarm.client.open.duration", ("swarm.open.kind", "open")));
        Assert.Equal(1, agents.Count("swarm.client.open.duration", ("swarm.open.kind", "take_over")));
        Assert.Equal(2, agents.Count("swarm.client.first_token.duration"));
        Assert.Equal(1, agents.Count("swarm.client.flush.duration"));
        Assert.Equal(1, agents.Sum("swarm.client.fences"));
        Assert.Equal(0, idle.Count("swarm.append.duration") + idle.Count("swarm.context.acquire.duration") + idle.Count("swarm.log.acknowledge.duration"));
        Assert.Equal(0, idle.Look("swarm.contexts.open"));
        Assert.Equal(used.Instruments.Order(), idle.Instruments.Order());

        await first.StopAsync(Token);
        await second.StopAsync(Token);
        Assert.Equal(0, agents.Look("swarm.client.sessions"));
        Assert.Equal(0, agents.Look("swarm.client.spool.usage"));
        foreach (var gauge in new[] { "swarm.contexts.open", "swarm.lag.sum", "swarm.lag.max", "swarm.log.undurable", "swarm.data_plane.connections", "swarm.data_plane.attachments", "swarm.data_plane.ingest.usage" })
        {
            Assert.True(used.Look(gauge) == 0, $"{gauge} is {used.Look(gauge)} at the end");
        }
    }

    private static async Task LeaveBehindAsync(SwarmClient swarm)
    {
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(Enumerable.Range(0, 300).Select(index => index % 97).ToArray(), Token);
        await a.ReleaseAsync("drone-b", Token);
    }

    private static IHost Build(out int gateway)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var (silo, port) = (FreePort(), FreePort());
        gateway = port;
        builder.UseOrleans(orleans => orleans
            .UseLocalhostClustering(silo, port)
            .AddSwarmSilo(options =>
            {
                options.DataPlaneEndpoint = new IPEndPoint(IPAddress.Loopback, 0);
                options.Store = _ => new InMemoryBlobStore();
            }));
        return builder.Build();
    }

    private static Task<SwarmClient> ConnectAsync(int gateway, IMeterFactory? meters) => SwarmClient.ConnectAsync(
        $"swarm://127.0.0.1:{gateway}",
        new SwarmCredential("default"),
        new SwarmClientOptions { MeterFactory = meters },
        Token);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
