using System.Diagnostics;
using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>Streaming goes on through what networks do, and duplicates nothing.</summary>
public sealed class StreamingTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Feed_ConnectionCutAgainAndAgain_EndsWithTheSameMemory(int seed)
    {
        var random = new Random(seed);
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var options = new MemoryOptions { KvFlushInterval = TimeSpan.FromMilliseconds(5), KvBatchPositions = 16 };
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
        long kv = 0;
        for (var step = 0; step < 200; step++)
        {
            var tokens = Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(97)).ToArray();
            await a.FeedAsync(tokens, Token);
            a.SetState("step", BitConverter.GetBytes(step));
            if (step % 40 == 39)
            {
                await Poll.UntilAsync(() => a.Durable.Kv > kv, Token); // In the middle of streaming.
                kv = a.Durable.Kv;
                proxy.Cut();
            }
            else if (step == 100)
            {
                await a.RewindAsync(a.Length - random.Next(1, 40), Token);
            }
        }

        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal((a.Length, a.Length), (a.Durable.Tokens, a.Durable.Kv));
        var logits = (await a.ComputeLogitsAsync(Token)).ToArray();
        await a.ReleaseAsync("", Token);
        await using var b = await swarm.Agent("drone-b").OpenAsync("track/1", new ToyRuntime(), null, Token);

        Assert.Equal(0, b.Rehydration.Recomputed);
        Assert.Equal(logits, (await b.ComputeLogitsAsync(Token)).ToArray());
        Assert.Equal(BitConverter.GetBytes(199), b.States["step"].Content.ToArray());
        Assert.True(proxy.Connections > 4, $"seed {seed}: {proxy.Connections} connections");
    }

    [Fact]
    public async Task Feed_SiloOutOfReach_GoesOnUntilTheStatedBoundAndCatchesUp()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var options = new MemoryOptions { MaxUndurableTokens = 100 };
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
        proxy.Stop();

        for (var fed = 0; fed <= 100; fed++)
        {
            await a.FeedAsync(One(fed), Token).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Token);
        }

        var blocked = a.FeedAsync(One(0), Token).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => blocked.WaitAsync(TimeSpan.FromMilliseconds(300), Token));
        proxy.Mend();
        await blocked.WaitAsync(TimeSpan.FromSeconds(20), Token);
        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Token);

        Assert.Equal((102L, 102L), (a.Durable.Tokens, a.Durable.Kv));
    }

    [Fact]
    public async Task Feed_SiloRestartsElsewhere_GoesOnThere()
    {
        // A silo that stops cleanly closes its contexts; the client asks the grain again, on the silo that comes back.
        var folder = Silo.NewFolder();
        var silo = await Silo.StartAsync(folder);
        var gateway = silo.GatewayPort;
        await using var swarm = await silo.ConnectAsync();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(One(1), Token);
        await a.FlushAsync(Token);
        await silo.DisposeAsync();
        await a.FeedAsync(One(2), Token);
        await using var again = await Silo.StartAsync(folder, "--Swarm:Endpoints:Gateway", $"{gateway}");
        again.OwnsFolder = true;

        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);

        Assert.Equal((2L, 2L), (a.Durable.Tokens, a.Durable.Kv));
    }

    [Fact]
    public async Task Rehydrate_96MiB_IsNearWireSpeed()
    {
        const int positions = 4096;
        const int rowBytes = 6144; // 2 layers, K and V: 24 KiB a position, as the preset "small" has.
        await using var silo = await Silo.StartAsync(Silo.NewFolder(), "--Swarm:Tiers:MemoryTierBytes", $"{1L << 30}");
        silo.OwnsFolder = true;
        await using var swarm = await silo.ConnectAsync();
        var runtime = new ToyRuntime(rowBytes: rowBytes, maxPositions: positions, maxStepTokens: 256);
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", runtime, null, Token);
        var clock = Stopwatch.StartNew();
        for (var first = 0; first < positions; first += 256)
        {
            await a.FeedAsync(Enumerable.Range(first, 256).Select(n => n % 97).ToArray(), Token);
        }

        var fed = clock.Elapsed;
        await a.ReleaseAsync("", Token);
        output.WriteLine($"fed in {fed.TotalMilliseconds:0} ms, released after {clock.Elapsed.TotalMilliseconds:0} ms");
        for (var round = 0; round < 4; round++)
        {
            await using var b = await swarm.Agent("drone-b").TakeOverAsync(
                "track/1", new ToyRuntime(rowBytes: rowBytes, maxPositions: positions, maxStepTokens: 256), TakeOver.Now, null, Token);
            var report = b.Rehydration;
            output.WriteLine($"{report} = {report.Bytes / report.Elapsed.TotalSeconds / (1 << 20):0} MiB/s");
            Assert.Equal(positions, report.Loaded);
        }
    }

    private static ReadOnlyMemory<int> One(int token) => new[] { token % 97 };
}
