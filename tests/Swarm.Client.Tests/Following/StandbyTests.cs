using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests.Following;

/// <summary>A standby has what is durable, bit for bit, whatever its leader does, and its leader never waits for it. Promises 3 and 6.</summary>
public sealed class StandbyTests
{
    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Any leader: feeds, rewinds, gives back, is taken over. Whenever all is durable and the standbys have caught up, they are its equals.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Follow_LeadersDoAnything_HoldsTheSameBits(bool isInPlace)
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        var lead = new ToyRuntime();
        var a = await swarm.Agent("drone-0").OpenAsync("track/1", lead, null, Token);
        List<(ToyRuntime Runtime, AgentStandby Standby)> standbys = [];
        for (var round = 0; round < 60; round++)
        {
            if (standbys.Count < 3 && _seeded.Random.Next(6) == 0)
            {
                var runtime = new ToyRuntime { IsInPlace = isInPlace };
                standbys.Add((runtime, await other.Agent($"watch-{round}").StandByAsync("track/1", runtime, Token)));
            }

            switch (_seeded.Random.Next(6))
            {
                case 0 when a.Length > 0:
                    await a.RewindAsync(_seeded.Random.Next((int)a.Length), Token);
                    break;
                case 1:
                    (lead, a) = await HandOverAsync(swarm, a, round);
                    break;
                case 2 when a.Length > 0:
                    await a.GenerateAsync(1 + _seeded.Random.Next(8), null, Token);
                    break;
                default:
                    await a.FeedAsync(Some(1 + _seeded.Random.Next(150)), Token);
                    break;
            }

            if (_seeded.Random.Next(3) == 0)
            {
                await a.FlushAsync(Token);
                foreach (var (runtime, standby) in standbys)
                {
                    await Standbys.CaughtUpAsync(standby, a);
                    Assert.Equal(a.GetTokens(0), standby.GetTokens());
                    Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
                    Assert.Equal(0, runtime.ComputedPositions);
                }
            }
        }

        Assert.NotEmpty(standbys);
        await a.FlushAsync(Token);
        await using var b = await standbys[0].Standby.TakeOverAsync(TakeOver.Now, null, Token);
        var logits = new float[lead.VocabularySize];
        int[] next = Some(1);
        lead.Forward(next, logits);
        await b.FeedAsync(next, Token);
        Assert.Equal(logits, b.Logits.ToArray());
        Assert.Equal(b.Length - 1, b.Rehydration.Held + b.Rehydration.Loaded + b.Rehydration.Recomputed);
        await a.DisposeAsync();
        foreach (var (_, standby) in standbys)
        {
            await standby.DisposeAsync();
        }
    }

    [Fact]
    public async Task Follow_ConnectionIsCutAgainAndAgain_GoesOnFromWhatItHas()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var other = await silo.ConnectAsync(proxy.Endpoint);
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(64), Token);
        var runtime = new ToyRuntime();
        await using var standby = await other.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        for (var cut = 0; cut < 10; cut++)
        {
            await a.FeedAsync(Some(40), Token);
            if (cut % 3 == 2)
            {
                await a.RewindAsync(a.Length - 30, Token);
            }

            proxy.Cut();
        }

        await a.FlushAsync(Token);
        await Standbys.CaughtUpAsync(standby, a);

        Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
        Assert.Equal(0, runtime.ComputedPositions);
        Assert.True(standby.Status.Reconnects > 0);
        Assert.Null(standby.Status.Fault);
    }

    /// <summary>
    /// Any leader, and connections that are cut, while a standby computes along, with the same bits or with others: when all is durable, it has the
    /// leader's KV; but for the last step, if it was computed here for its logits.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Follow_ComputesAlong_HoldsTheHoldersBits(int rounding)
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var other = await silo.ConnectAsync(proxy.Endpoint);
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync(
            "track/1", lead, new MemoryOptions { KvFlushInterval = TimeSpan.FromMilliseconds(20) }, Token);
        await a.FeedAsync(Some(64), Token);
        var runtime = new ToyRuntime { Rounding = (ulong)rounding };
        await using var standby = await other.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        for (var round = 0; round < 12; round++)
        {
            var computing = standby.ComputeAlongAsync(TimeSpan.FromSeconds(1), Token);
            var last = 0;
            for (var step = _seeded.Random.Next(1, 12); step > 0; step--)
            {
                await a.FeedAsync(Some(last = _seeded.Random.Next(1, 20)), Token);
                switch (_seeded.Random.Next(10))
                {
                    case 0:
                        proxy.Cut();
                        break;
                    case 1:
                        await a.RewindAsync(_seeded.Random.NextInt64(a.Length / 2, a.Length + 1), Token);
                        last = (int)a.Length;
                        break;
                    case 2:
                        await a.FlushAsync(Token);
                        break;
                }
            }

            await a.FlushAsync(Token);
            await computing;
            standby.ComputeNoMore();
            await Standbys.CaughtUpAsync(standby, a);

            var held = rounding == 0 ? (int)a.Length : (int)a.Length - last;
            Assert.Equal(Standbys.Kv(lead, held), Standbys.Kv(runtime, held));
        }

        await a.FeedAsync(Some(3), Token); // Behind a rewind the holder has no logits.
        await a.FlushAsync(Token);
        await Standbys.CaughtUpAsync(standby, a);
        await a.ReleaseAsync("drone-b", Token);
        await using var b = await standby.TakeOverAsync(TakeOver.IfReleased, null, Token);

        Assert.Equal(0, b.Rehydration.Loaded + b.Rehydration.Recomputed);
        Assert.Equal(rounding == 0, a.Logits.Span.SequenceEqual(b.Logits.Span));
    }

    [Fact]
    public async Task Follow_EightFollowersStall_LeaderWaitsForNone()
    {
        const int Positions = 3000; // 12 MiB of KV: more than credit and sockets hold.
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        var lead = LargeRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(64), Token);
        List<(SwarmClient Client, ToyRuntime Runtime, AgentStandby Standby)> followers = [];
        try
        {
            for (var follower = 0; follower < 8; follower++)
            {
                var client = await silo.ConnectAsync(proxy.Endpoint);
                var runtime = LargeRuntime();
                followers.Add((client, runtime, await client.Agent($"watch-{follower}").StandByAsync("track/1", runtime, Token)));
            }

            await Task.WhenAll(followers.Select(follower => follower.Standby.WaitForCatchUpAsync(Token)));
            proxy.Stall();
            await a.FeedAsync(Some(Positions), Token);
            await a.FlushAsync(Token);

            Assert.Equal(Positions + 64, a.Durable.Kv);
            Assert.All(followers, follower => Assert.InRange(follower.Standby.Status.Held.Kv, 0, Positions));
            proxy.Mend();
            foreach (var (_, runtime, standby) in followers)
            {
                await Standbys.CaughtUpAsync(standby, a);
                Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
            }
        }
        finally
        {
            foreach (var (client, _, standby) in followers)
            {
                await standby.DisposeAsync();
                await client.DisposeAsync();
            }
        }

        static ToyRuntime LargeRuntime() => new(rowBytes: 1024);
    }

    [Fact]
    public async Task StandBy_WhatCannotBeFollowed_IsRefusedByNameAndLeavesTheRuntimeFree()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(Some(80), Token);
        await a.FlushAsync(Token);
        var runtime = new ToyRuntime(maxPositions: 70);
        var b = swarm.Agent("drone-b");

        var missing = await Assert.ThrowsAsync<SwarmRefusedException>(() => b.StandByAsync("track/2", runtime, Token));
        var small = await Assert.ThrowsAsync<ArgumentException>(() => b.StandByAsync("track/1", runtime, Token));
        await Assert.ThrowsAsync<WrongModelException>(() => b.StandByAsync("track/1", new ToyRuntime(name: "other"), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => b.StandByAsync("", runtime, Token));

        Assert.Equal(RefusalCode.NotFound, missing.Refusal.Code);
        Assert.Contains("80 positions; the runtime holds 70", small.Message, StringComparison.Ordinal);
        await using (await b.OpenAsync("track/3", runtime, null, Token))
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => b.StandByAsync("track/1", runtime, Token));
        }
    }

    [Fact]
    public async Task Follow_ContextOutgrowsTheRuntime_EndsAndSaysWhy()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(Some(60), Token);
        var runtime = new ToyRuntime(maxPositions: 70);
        await using var standby = await swarm.Agent("drone-b").StandByAsync("track/1", runtime, Token);

        await a.FeedAsync(Some(30), Token);
        await a.FlushAsync(Token);
        await Poll.UntilAsync(() => standby.Status.HasEnded, Token);

        Assert.Contains("90 positions; the runtime holds 70", standby.Status.Fault, StringComparison.Ordinal);
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() => standby.TakeOverAsync(TakeOver.Now, null, Token));
        Assert.Contains("90 positions", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_MoreThanTheSiloTakes_WaitsAndSaysWhy()
    {
        await using var silo = await Silo.StartAsync(Silo.NewFolder(), "--Swarm:DataPlane:MaxFollowers", "1");
        silo.OwnsFolder = true;
        await using var swarm = await silo.ConnectAsync();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(Some(60), Token);
        await a.FlushAsync(Token);
        var first = await swarm.Agent("drone-b").StandByAsync("track/1", new ToyRuntime(), Token);
        await first.WaitForCatchUpAsync(Token);
        await using var second = await swarm.Agent("drone-c").StandByAsync("track/1", new ToyRuntime(), Token);

        await Poll.UntilAsync(() => second.Status.Fault is not null, Token);
        Assert.Contains("MaxFollowers", second.Status.Fault, StringComparison.Ordinal);
        await first.DisposeAsync();
        await second.WaitForCatchUpAsync(Token);

        Assert.Equal(new Watermarks(60, 60), second.Status.Held);
    }

    [Fact]
    public async Task Follow_StoredKvIsDamaged_ComputesThatAloneAndCountsIt()
    {
        var folder = Silo.NewFolder();
        var lead = new ToyRuntime();
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
            for (var flush = 0; flush < 8; flush++)
            {
                await a.FeedAsync(Some(40), Token);
                await a.FlushAsync(Token);
            }

            await a.ReleaseAsync("", Token);
        }

        var (segment, surely) = (0, _seeded.Random.Next(8)); // Each flush made one at least.
        DamagedSegments.Damage(folder, _ => segment++ == surely || _seeded.Random.Next(3) == 0);
        await using var again = await Silo.StartAsync(folder);
        again.OwnsFolder = true;
        await using var other = await again.ConnectAsync();
        var runtime = new ToyRuntime();
        await using var standby = await other.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        await Poll.UntilAsync(() => standby.Status is var status && status.Held.Tokens == lead.Length && status.Held.Kv + status.Discarded >= lead.Length, Token);
        await using var b = await standby.TakeOverAsync(TakeOver.Now, null, Token);

        Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
        Assert.True(standby.Status.Discarded + b.Rehydration.Discarded > 0);
        Assert.True(runtime.ComputedPositions >= standby.Status.Recomputed + b.Rehydration.Recomputed);
        Assert.Equal(320, b.Rehydration.Held + b.Rehydration.Loaded + b.Rehydration.Recomputed);
    }

    private async Task<(ToyRuntime Runtime, AgentMemory Memory)> HandOverAsync(SwarmClient swarm, AgentMemory from, int round)
    {
        var isPlanned = _seeded.Random.Next(2) == 0;
        await (isPlanned ? from.ReleaseAsync("", Token) : from.FlushAsync(Token));
        var runtime = new ToyRuntime();
        var to = await swarm.Agent($"drone-{round}").TakeOverAsync("track/1", runtime, TakeOver.Now, null, Token);
        await from.DisposeAsync();
        return (runtime, to);
    }

    private int[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => _seeded.Random.Next(97))];
}
