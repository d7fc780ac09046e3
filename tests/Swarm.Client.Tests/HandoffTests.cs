using Swarm.Testing.Models;
using Swarm.Testing;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>One agent goes on with another's memory, on a real silo and a real store.</summary>
public sealed class HandoffTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>On one machine, inputs and KV go over the silo's Unix domain socket, unless the silo is told not to have one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_OnTheSilosMachine_UsesItsLocalSocket(bool isOffered)
    {
        await using var silo = await Silo.StartAsync(Silo.NewFolder(), "--Swarm:DataPlane:LocalSocket", $"{isOffered}");
        silo.OwnsFolder = true;
        using var logs = new RecordingLoggers();
        await using var swarm = await SwarmClient.ConnectAsync(
            silo.Address,
            new SwarmCredential("default"),
            new SwarmClientOptions { ClusterId = silo.ClusterId, ServiceId = silo.ServiceId, LoggerFactory = logs },
            Token);

        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);

        Assert.Equal(isOffered && OperatingSystem.IsLinux() ? 1 : 0, logs.Of(2010).Count);
        Assert.Empty(logs.Of(2011));
    }

    [Fact]
    public async Task TakeOver_AfterRelease_LoadsEverythingAndGoesOnBitForBit()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var twin = new ToyRuntime();
        var twinLogits = new float[twin.VocabularySize];
        var inputs = Tokens(seed: 1, steps: [33, 64, 1, 7, 12]);

        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        foreach (var step in inputs)
        {
            await a.FeedAsync(step, [("tracker", BitConverter.GetBytes(step.Length))], Token);
            twin.Forward(step, twinLogits);
        }

        var generated = await a.GenerateAsync(5, null, Token);
        foreach (var token in generated)
        {
            Assert.Equal(ArgMax(twinLogits), token);
            twin.Forward([token], twinLogits);
        }

        await a.ReleaseAsync("drone-b", Token);
        var runtime = new ToyRuntime();
        await using var b = await swarm.Agent("drone-b").TakeOverAsync("track/1", runtime, TakeOver.IfReleased, null, Token);

        Assert.Equal(twin.Length, b.Length);
        Assert.Equal(twin.Length, b.Rehydration.Loaded);
        Assert.Equal(0, b.Rehydration.Recomputed);
        Assert.Equal(0, runtime.ComputedPositions);
        Assert.Equal(BitConverter.GetBytes(12), b.States["tracker"].Content.ToArray());
        Assert.Equal(twinLogits, (await b.ComputeLogitsAsync(Token)).ToArray());
        foreach (var token in await b.GenerateAsync(20, null, Token))
        {
            Assert.Equal(ArgMax(twinLogits), token);
            twin.Forward([token], twinLogits);
        }
    }

    [Fact]
    public async Task TakeOver_Now_FencesTheHolderAndRecomputesWhatHasNoKv()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var twin = new ToyRuntime();
        var twinLogits = new float[twin.VocabularySize];
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        foreach (var step in Tokens(seed: 2, steps: [50, 50, 3, 3, 3]))
        {
            await a.FeedAsync(step, Token);
            twin.Forward(step, twinLogits);
        }

        await Poll.UntilAsync(() => a.Durable.Tokens == a.Length, Token);
        await using var b = await swarm.Agent("drone-b")
            .TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);

        Assert.Equal(a.Length, b.Length);
        Assert.Equal(b.Length, b.Rehydration.Loaded + b.Rehydration.Recomputed);
        Assert.Equal(twinLogits, (await b.ComputeLogitsAsync(Token)).ToArray());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(20), a.Fenced));
        await Assert.ThrowsAsync<StaleEpochException>(async () => await a.FeedAsync(Tokens(seed: 0, steps: [1])[0], Token));
        Assert.Equal(109, (await swarm.GetStatusAsync("track/1", Token)).Durable.Tokens);
    }

    [Fact]
    public async Task TakeOver_IfHolderTimedOut_WaitsForALiveHolderAndNotForADeadOne()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var quick = new MemoryOptions { HeartbeatInterval = TimeSpan.FromMilliseconds(100), DrainTimeout = TimeSpan.Zero };
        var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), quick, Token);
        await a.FeedAsync(Tokens(seed: 0, steps: [3])[0], Token);
        await a.FlushAsync(Token);

        var taking = swarm.Agent("drone-b")
            .TakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfHolderTimedOut(TimeSpan.FromSeconds(1)), null, Token);
        await Assert.ThrowsAsync<TimeoutException>(() => taking.WaitAsync(TimeSpan.FromSeconds(2), Token));
        await a.DisposeAsync();
        await using var b = await taking;

        Assert.Equal(3, b.Length);
        Assert.Equal("drone-b", (await swarm.GetStatusAsync("track/1", Token)).Holder);
    }

    /// <summary>While the holder is waited for, the context is read along: nothing is left to load, and the bits are the holder's.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TakeOver_WaitsForTheHolder_ReadsAlongMeanwhile(bool prefetches)
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Tokens(seed: 1, steps: [60])[0], Token);
        await a.FlushAsync(Token);
        var runtime = new ToyRuntime();
        var options = new MemoryOptions { PrefetchWhileWaiting = prefetches };
        var taking = swarm.Agent("drone-b").TakeOverAsync("track/1", runtime, TakeOver.IfReleased, options, Token);
        if (prefetches)
        {
            await Poll.UntilAsync(() => runtime.Length == 60, Token);
        }

        await a.FeedAsync(Tokens(seed: 2, steps: [40])[0], Token);
        await a.RewindAsync(70, Token);
        await a.ReleaseAsync("", Token);
        await using var b = await taking;

        Assert.Equal((70, 0, 0), (b.Rehydration.Loaded, b.Rehydration.Recomputed, b.Rehydration.Held));
        Assert.True(prefetches ? b.Rehydration.Prefetched >= 60 : b.Rehydration.Prefetched == 0);
        Assert.Equal(70L * runtime.Model.Geometry.BytesPerPosition, b.Rehydration.Bytes);
        Assert.Equal(Kv(lead), Kv(runtime));
    }

    [Fact]
    public async Task Open_ContextOfAnother_NamesItsHolder()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);

        var owned = await Assert.ThrowsAsync<ContextOwnedException>(
            () => swarm.Agent("drone-b").OpenAsync("track/1", new ToyRuntime(), null, Token));
        var wrong = await Assert.ThrowsAsync<WrongModelException>(
            () => swarm.Agent("drone-b").OpenAsync("track/1", new ToyRuntime(name: "other"), null, Token));

        Assert.Equal("drone-a", owned.Refusal.Holder);
        Assert.Contains("track/1", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rehydrate_SiloStartedAgainOnTheSameBlobs_GivesTheSame()
    {
        var folder = Silo.NewFolder();
        var twin = new ToyRuntime();
        var twinLogits = new float[twin.VocabularySize];
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
            foreach (var step in Tokens(seed: 3, steps: [64, 64, 64, 5]))
            {
                await a.FeedAsync(step, Token);
                twin.Forward(step, twinLogits);
            }

            await a.FlushAsync(Token);
        }

        await using var again = await Silo.StartAsync(folder);
        again.OwnsFolder = true;
        await using var other = await again.ConnectAsync();
        await using var b = await other.Agent("drone-b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);
        await using var reader = await other.OpenReaderAsync("track/1", Token);
        var filled = new ToyRuntime();
        var report = await reader.RehydrateAsync(filled, RehydrationStrategy.Recompute, Token);

        Assert.Equal(0, b.Rehydration.Recomputed);
        Assert.Equal(197, b.Rehydration.Loaded);
        Assert.Equal(197, report.Recomputed);
        Assert.Equal(twinLogits, (await b.ComputeLogitsAsync(Token)).ToArray());
    }

    [Fact]
    public async Task Rewind_WithinAStep_IsWhatASuccessorFinds()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(Tokens(seed: 4, steps: [40])[0], Token);
        await a.FeedAsync(Tokens(seed: 5, steps: [20])[0], [("s", new byte[] { 1 })], Token);
        var epoch = a.Epoch;

        await a.RewindAsync(50, Token);
        Assert.Equal(50, a.Length);
        Assert.True(a.Epoch > epoch);
        Assert.Empty(a.States);
        await a.FeedAsync(Tokens(seed: 6, steps: [2])[0], Token);
        var logits = a.Logits.ToArray();
        await a.ReleaseAsync("", Token);
        var successor = new ToyRuntime();
        await using var b = await swarm.Agent("drone-b").OpenAsync("track/1", successor, null, Token);
        await using var reader = await swarm.OpenReaderAsync("track/1", Token);
        var filled = new ToyRuntime();
        await reader.RehydrateAsync(filled, RehydrationStrategy.Recompute, Token);

        Assert.Equal(52, b.Rehydration.Loaded);
        Assert.Equal(logits, (await b.ComputeLogitsAsync(Token)).ToArray());
        Assert.Equal(Kv(filled), Kv(successor));
    }

    [Fact]
    public async Task TakeOver_RuntimeTooSmall_SaysSoAndLeavesTheContextFree()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using (var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token))
        {
            await a.FeedAsync(Tokens(seed: 1, steps: [60])[0], Token);
            await a.ReleaseAsync("", Token);
        }

        var exception = await Assert.ThrowsAsync<ArgumentException>(() => swarm.Agent("drone-b")
            .TakeOverAsync("track/1", new ToyRuntime(maxPositions: 50), TakeOver.IfReleased, null, Token));

        Assert.Contains("60 positions", exception.Message, StringComparison.Ordinal);
        await using var c = await swarm.Agent("drone-c").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await Assert.ThrowsAsync<ArgumentException>(async () => await c.FeedAsync(new int[5000], Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await c.FeedAsync(Enumerable.Repeat(97, 1).ToArray(), Token));
        Assert.Equal(60, c.Length);
    }

    [Fact]
    public async Task Connect_NobodyThere_NamesTheAddressAndWhatToCheck()
    {
        var options = new SwarmClientOptions { ConnectTimeout = TimeSpan.FromSeconds(2) };

        var exception = await Assert.ThrowsAsync<SwarmTransportException>(
            () => SwarmClient.ConnectAsync("swarm://127.0.0.1:1", new SwarmCredential("default"), options, Token));
        var malformed = await Assert.ThrowsAsync<ArgumentException>(
            () => SwarmClient.ConnectAsync("http://x", new SwarmCredential("default"), options, Token));

        Assert.Contains("swarm://127.0.0.1:1", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Check", exception.Message, StringComparison.Ordinal);
        Assert.Contains("swarm://host:port", malformed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_TokensAlone_AreRecomputedByTheOneWithAModel()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var runtime = new ToyRuntime();
        await using (var a = await swarm.Agent("sensor").OpenAsync("track/1", runtime.Model, null, Token))
        {
            await a.FeedAsync(Enumerable.Range(0, 90).ToArray(), Token);
            await a.ReleaseAsync("", Token);
        }

        await using var b = await swarm.Agent("drone-b").OpenAsync("track/1", runtime, null, Token);

        Assert.Equal(90, b.Rehydration.Recomputed);
        await b.FlushAsync(Token);
        Assert.Equal(90, b.Durable.Kv);
    }

    private static byte[] Kv(ToyRuntime runtime)
    {
        var bytes = new byte[2 * runtime.Length * 64];
        runtime.ReadKv(0, 0, 0, runtime.Length, bytes);
        return bytes;
    }

    private static int ArgMax(float[] logits) => Array.IndexOf(logits, logits.Max());

    private static int[][] Tokens(int seed, int[] steps)
    {
        var random = new Random(seed);
        return [.. steps.Select(step => Enumerable.Range(0, step).Select(_ => random.Next(97)).ToArray())];
    }
}
