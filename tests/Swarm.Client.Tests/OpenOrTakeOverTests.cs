using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>One call for an agent that does not know what became of its context.</summary>
public sealed class OpenOrTakeOverTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenOrTakeOver_AbsentThenFreeThenOwn_OpensEachAtOnceWithItsMemory()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var agent = swarm.Agent("drone-a");

        await using (var made = await agent.OpenOrTakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token))
        {
            Assert.Equal(0, made.Length);
            await made.FeedAsync(new[] { 1, 2 }, Token);
            await made.ReleaseAsync("", Token);
        }

        await using var crashed = await agent.OpenOrTakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token);
        Assert.Equal([1, 2], crashed.GetTokens());
        await crashed.FeedAsync(new[] { 3 }, Token);
        await crashed.FlushAsync(Token);

        var owned = await Assert.ThrowsAsync<ContextOwnedException>(() => agent.OpenAsync("track/1", new ToyRuntime(), null, Token));
        await using var own = await agent.OpenOrTakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token)
            .WaitAsync(TimeSpan.FromMinutes(1), Token);

        Assert.Contains("this agent, 'drone-a'", owned.Message, StringComparison.Ordinal);
        Assert.Contains("OpenOrTakeOverAsync", owned.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], own.GetTokens());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), crashed.Fenced));
        await Assert.ThrowsAsync<StaleEpochException>(() => crashed.FeedAsync(new[] { 4 }, Token).AsTask());
        await own.FeedAsync(new[] { 5 }, Token);
        await own.FlushAsync(Token);
    }

    [Fact]
    public async Task OpenOrTakeOver_HeldByAnother_WaitsAsAsked()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var holder = await swarm.Agent("drone-b").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await holder.FeedAsync(new[] { 1 }, Token);

        var waiting = swarm.Agent("drone-a").OpenOrTakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting.WaitAsync(TimeSpan.FromMilliseconds(500), Token));
        await holder.ReleaseAsync("", Token);
        await using var first = await waiting;
        Assert.Equal([1], first.GetTokens());

        await using var second = await swarm.Agent("drone-c").OpenOrTakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);
        Assert.Equal("drone-c", (await swarm.GetStatusAsync("track/1", Token)).Holder);
    }

    [Fact]
    public async Task OpenOrTakeOver_WithoutARuntime_GoesOnAsWell()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var model = new ToyRuntime().Model;
        await using var crashed = await swarm.Agent("drone-a").OpenOrTakeOverAsync("track/1", model, TakeOver.IfReleased, null, Token);
        await crashed.FeedAsync(new[] { 1 }, Token);
        await crashed.FlushAsync(Token);

        await using var own = await swarm.Agent("drone-a").OpenOrTakeOverAsync("track/1", model, TakeOver.IfReleased, null, Token)
            .WaitAsync(TimeSpan.FromMinutes(1), Token);

        Assert.Equal([1], own.GetTokens());
    }

    [Fact]
    public async Task OpenOrTakeOver_TwoProcessesUnderOneName_TheFenceDecidesAndNothingDurableIsLost()
    {
        await using var silo = await Silo.StartAsync();
        await using var one = await silo.ConnectAsync();
        await using var two = await silo.ConnectAsync();
        List<int> fed = [];
        AgentMemory? before = null;
        for (var round = 0; round < 6; round++)
        {
            var swarm = round % 2 == 0 ? one : two;
            var memory = await swarm.Agent("drone-a").OpenOrTakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token)
                .WaitAsync(TimeSpan.FromMinutes(1), Token);
            Assert.Equal(fed, memory.GetTokens());
            fed.Add(round);
            await memory.FeedAsync(new[] { round }, Token);
            await memory.FlushAsync(Token);
            if (before is not null)
            {
                await Assert.ThrowsAsync<StaleEpochException>(async () =>
                {
                    await before.FeedAsync(new[] { 90 }, Token);
                    await before.FlushAsync(Token);
                });
                await before.DisposeAsync();
            }

            before = memory;
        }

        await before!.DisposeAsync();
    }
}
