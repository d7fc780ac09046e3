using System.Globalization;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests.Streaming;

/// <summary>Sessions and readers of a process share one connection to each silo, and are as independent as on connections of their own.</summary>
public sealed class ConnectionSharingTests
{
    private const int Agents = 8;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_ManySessionsAndReaders_UseOneConnection()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(proxy.Endpoint);
        var sessions = await OpenAsync(swarm);
        await FeedAsync(sessions, 40);
        foreach (var (session, index) in sessions.Select((session, index) => (session, index)))
        {
            await using var reader = await swarm.OpenReaderAsync($"track/{index}", Token);
            Assert.Equal(Inputs(index, 40), await InputsAsync(reader));
            await session.ReleaseAsync("", Token);
            await session.DisposeAsync();
        }

        var runtime = new ToyRuntime();
        await using var next = await swarm.Agent("another").OpenAsync("track/3", runtime, null, Token); // On the connection that is idle now.

        var twin = new ToyRuntime();
        var logits = new float[twin.VocabularySize];
        foreach (var token in Inputs(3, 40))
        {
            twin.Forward([token], logits);
        }

        Assert.Equal((40, 0), (next.Rehydration.Loaded, next.Rehydration.Recomputed));
        Assert.Equal(logits, (await next.ComputeLogitsAsync(Token)).ToArray());
        Assert.Equal(1, proxy.Connections);
    }

    [Fact]
    public async Task Open_MoreSessionsThanAConnectionTakes_UseFurtherConnections()
    {
        await using var silo = await Silo.StartAsync(Silo.NewFolder(), "--Swarm:DataPlane:MaxAttachments", "3");
        silo.OwnsFolder = true;
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(proxy.Endpoint);

        var sessions = await OpenAsync(swarm);
        await FeedAsync(sessions, 10);

        Assert.Equal(3, proxy.Connections); // For 8.
        await DisposeAsync(sessions);
    }

    [Fact]
    public async Task Feed_ConnectionCut_EverySessionGoesOn()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(proxy.Endpoint);
        var sessions = await OpenAsync(swarm);
        await FeedAsync(sessions, 20);

        for (var cut = 1; cut <= 3; cut++)
        {
            proxy.Cut();
            await FeedAsync(sessions, 20);
            Assert.InRange(proxy.Connections, cut + 1, 2 * (cut + 1)); // One for all, not one for each: now and then one is lost before all are attached.
        }

        for (var index = 0; index < Agents; index++)
        {
            await using var reader = await swarm.OpenReaderAsync($"track/{index}", Token);
            Assert.Equal(Enumerable.Range(0, 4).SelectMany(_ => Inputs(index, 20)), await InputsAsync(reader));
        }

        await DisposeAsync(sessions);
    }

    /// <summary>What an agent's author does when a session is fenced is his own affair, not the connection's.</summary>
    [Fact]
    public async Task Fenced_CallbackBlocksOrThrows_TheOtherSessionsGoOn()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(proxy.Endpoint);
        var sessions = await OpenAsync(swarm);
        using var gate = new ManualResetEventSlim();
        using var called = new CountdownEvent(2);
        using var blocks = sessions[0].Fenced.Register(() =>
        {
            called.Signal();
            gate.Wait(Limit);
        });
        using var throws = sessions[1].Fenced.Register(() =>
        {
            called.Signal();
            throw new InvalidOperationException("of the author");
        });
        await using var first = await swarm.Agent("another").OpenOrTakeOverAsync("track/0", new ToyRuntime(), TakeOver.Now, null, Token);
        await using var second = await swarm.Agent("another").OpenOrTakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);
        Assert.True(called.Wait(Limit, Token));

        await FeedAsync([.. sessions[2..], first, second], 30);

        Assert.Equal(1, proxy.Connections); // One whose reader waits, or fails, is lost after a while.
        gate.Set();
        await DisposeAsync(sessions);
    }

    /// <summary>A reader that is stopped while KV comes in leaves the connection, and itself, as they were.</summary>
    [Fact]
    public async Task Rehydrate_CancelledWhileKvComesIn_ReaderAndSessionsGoOn()
    {
        const int positions = 2048;
        const int rowBytes = 6144; // 48 MiB.
        await using var silo = await Silo.StartAsync(Silo.NewFolder(), "--Swarm:Tiers:MemoryTierBytes", $"{1L << 30}");
        silo.OwnsFolder = true;
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(proxy.Endpoint);
        await using var large = await swarm.Agent("large").OpenAsync(
            "track/large", new ToyRuntime(rowBytes: rowBytes, maxPositions: positions, maxStepTokens: 256), null, Token);
        for (var first = 0; first < positions; first += 256)
        {
            await large.FeedAsync(Inputs(first, 256), Token);
        }

        await large.FlushAsync(Token);
        await using var small = await swarm.Agent("small").OpenAsync("track/small", new ToyRuntime(), null, Token);
        await using var reader = await swarm.OpenReaderAsync("track/large", Token);
        var cancelled = 0;
        for (var attempt = 0; attempt < 12; attempt++)
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(attempt * 3));
            var runtime = new ToyRuntime(rowBytes: rowBytes, maxPositions: positions, maxStepTokens: 256);
            var error = await Record.ExceptionAsync(() => reader.RehydrateAsync(runtime, RehydrationStrategy.LoadKv, soon.Token));
            if (runtime.Length == 0)
            {
                runtime.GetRows(0, 0, 0, 0, 1).Span.Fill(0x33); // Its owner's again, at once.
            }

            cancelled += error is OperationCanceledException ? 1 : 0;
            Assert.True(error is null or OperationCanceledException, $"attempt {attempt}: {error}");
            await small.FeedAsync(Inputs(attempt, 1), Token);
            await small.FlushAsync(Token).AsTask().WaitAsync(Limit, Token);
        }

        var report = await reader.RehydrateAsync(
            new ToyRuntime(rowBytes: rowBytes, maxPositions: positions, maxStepTokens: 256), RehydrationStrategy.LoadKv, Token);

        Assert.Equal((positions, 0), (report.Loaded, report.Recomputed));
        Assert.True(cancelled > 0, "none was cancelled");
        Assert.Equal(1, proxy.Connections);
    }

    [Fact]
    public async Task DisposeAsync_ClientBeforeItsSessions_SessionsGoOnAndNothingNewBegins()
    {
        await using var silo = await Silo.StartAsync();
        var swarm = await silo.ConnectAsync();
        var sessions = await OpenAsync(swarm);
        await using var reader = await swarm.OpenReaderAsync("track/2", Token);
        await FeedAsync(sessions, 5);

        await swarm.DisposeAsync();

        await FeedAsync(sessions, 5);
        Assert.Equal(Inputs(2, 5).Concat(Inputs(2, 5)), await InputsAsync(reader));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => swarm.OpenReaderAsync("track/2", Token));
        await DisposeAsync(sessions);
    }

    private static int[] Inputs(int seed, int count) => [.. Enumerable.Range(0, count).Select(position => ((seed * 13) + (position * 7)) % 97)];

    private static async Task<AgentMemory[]> OpenAsync(SwarmClient swarm) => await Task.WhenAll(Enumerable.Range(0, Agents).Select(
        index => swarm.Agent($"drone-{index}").OpenAsync($"track/{index}", new ToyRuntime(), null, Token)));

    /// <summary>Feeds all of them at once, one input a step; ends when everything is durable.</summary>
    private static Task FeedAsync(AgentMemory[] sessions, int count) => Task.WhenAll(sessions.Select(async session =>
    {
        var seed = int.Parse(session.Context["track/".Length..], CultureInfo.InvariantCulture);
        foreach (var token in Inputs(seed, count))
        {
            await session.FeedAsync(new[] { token }, Token);
        }

        await session.FlushAsync(Token).AsTask().WaitAsync(Limit, Token);
    }));

    private static async Task<int[]> InputsAsync(ContextReader reader)
    {
        List<int> inputs = [];
        await foreach (var run in reader.ReadInputsAsync(0, long.MaxValue, Token))
        {
            inputs.AddRange(run.Tokens.ToArray());
        }

        return [.. inputs];
    }

    private static async Task DisposeAsync(AgentMemory[] sessions)
    {
        foreach (var session in sessions)
        {
            await session.DisposeAsync();
        }
    }
}
