using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>A standby has what is durable, bit for bit, whatever its leader does, and takes it over without loading. Promises 3 and 6.</summary>
public sealed class StandbyTests
{
    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TakeOver_CaughtUp_LoadsNothingComputesTheLastStepAtMostAndGoesOnBitForBit()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(300), [("tracker", new byte[] { 7 })], Token);
        var runtime = new ToyRuntime();
        await using var standby = await other.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        await a.GenerateAsync(20, null, Token);
        await a.ReleaseAsync("drone-b", Token);

        await standby.WaitForCatchUpAsync(Token);
        await using var b = await standby.TakeOverAsync(TakeOver.IfReleased, null, Token);

        Assert.Equal(320, b.Rehydration.Held);
        Assert.Equal((0, 0, 0), (b.Rehydration.Loaded, b.Rehydration.Recomputed, b.Rehydration.Bytes));
        Assert.InRange(runtime.ComputedPositions, 0, 1); // Its logits, while the context was acquired.
        Assert.Equal([7], b.States["tracker"].Content.ToArray());
        var logits = new float[lead.VocabularySize];
        var generated = await b.GenerateAsync(10, null, Token);
        foreach (var token in generated)
        {
            lead.Forward([token], logits);
        }

        Assert.Equal(Kv(lead), Kv(runtime));
        Assert.Equal(logits, b.Logits.ToArray());
        Assert.True(standby.Status.HasEnded);
        await Assert.ThrowsAsync<InvalidOperationException>(() => standby.TakeOverAsync(TakeOver.Now, null, Token));
    }

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
                    await CaughtUpAsync(standby, a);
                    Assert.Equal(a.GetTokens(0), standby.GetTokens());
                    Assert.Equal(Kv(lead), Kv(runtime));
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
        await CaughtUpAsync(standby, a);

        Assert.Equal(Kv(lead), Kv(runtime));
        Assert.Equal(0, runtime.ComputedPositions);
        Assert.True(standby.Status.Reconnects > 0);
        Assert.Null(standby.Status.Fault);
    }

    /// <summary>It computes the last step while it acquires, in vain: what the next holder says of that step counts, and not what this processor makes of it.</summary>
    [Fact]
    public async Task TakeOver_AnotherAgentIsFaster_FollowsOnWithTheHoldersBits()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(Some(100), Token);
        await a.FeedAsync(Some(20), Token);
        var runtime = new ToyRuntime { Rounding = 1 };
        await using var standby = await other.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var taking = standby.TakeOverAsync(TakeOver.IfReleased, null, enough.Token);
        try
        {
            await a.ReleaseAsync("drone-c", Token);
            await Poll.UntilAsync(() => runtime.ComputedPositions > 0, Token);

            var lead = new ToyRuntime();
            await using var c = await swarm.Agent("drone-c").TakeOverAsync("track/1", lead, TakeOver.IfReleased, null, Token);
            await c.FeedAsync(Some(40), Token);
            await c.FlushAsync(Token);
            await CaughtUpAsync(standby, c);

            Assert.Equal(20, runtime.ComputedPositions);
            Assert.Equal(Kv(lead), Kv(runtime));
        }
        finally
        {
            await enough.CancelAsync(); // The standby is not disposed of before.
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking);
    }

    /// <summary>The last step was a prompt: it is not computed once more for logits that nobody may want, and is where somebody does.</summary>
    [Fact]
    public async Task TakeOver_LastStepIsLong_ComputesItWhereItsLogitsAreWantedAlone()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(64), Token);
        await a.FlushAsync(Token);
        var runtime = new ToyRuntime();
        await using var standby = await swarm.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        await standby.WaitForCatchUpAsync(Token);
        await standby.ComputeAlongAsync(TimeSpan.FromMinutes(1), Token);
        var expected = a.Logits.ToArray();
        await a.ReleaseAsync("drone-b", Token);

        await using var b = await standby.TakeOverAsync(TakeOver.IfReleased, null, Token);

        Assert.Equal(0, runtime.ComputedPositions);
        var generated = await b.GenerateAsync(1, null, Token);
        Assert.Equal(65, runtime.ComputedPositions);
        Assert.Equal(expected.AsSpan().IndexOf(expected.Max()), generated[0]);
    }

    /// <summary>A standby that computes along with its holder has the logits before the release, and computes nothing after it.</summary>
    [Fact]
    public async Task TakeOver_ComputedAlong_ComputesNothingAndGoesOnBitForBit()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(300), Token);
        var runtime = new ToyRuntime();
        await using var standby = await other.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        for (var step = 0; step < 10; step++)
        {
            await standby.ComputeAlongAsync(TimeSpan.FromMinutes(1), Token);
            await a.FeedAsync(Some(5), Token);
        }

        await a.FlushAsync(Token);
        await CaughtUpAsync(standby, a);
        await standby.ComputeAlongAsync(TimeSpan.FromMinutes(1), Token);
        runtime.FailsAt = 0;
        await a.ReleaseAsync("drone-b", Token);
        await using var b = await standby.TakeOverAsync(TakeOver.IfReleased, null, Token);

        Assert.Equal((350, 0, 0), (b.Rehydration.Held, b.Rehydration.Recomputed, b.Rehydration.Loaded));
        Assert.Equal(a.Logits.ToArray(), b.Logits.ToArray());
        Assert.Equal(Kv(lead), Kv(runtime));
        runtime.FailsAt = int.MaxValue;
        var (next, logits) = (Some(3), new float[lead.VocabularySize]);
        lead.Forward(next, logits);
        await b.FeedAsync(next, Token);
        Assert.Equal(logits, b.Logits.ToArray());
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
            await CaughtUpAsync(standby, a);

            var held = rounding == 0 ? (int)a.Length : (int)a.Length - last;
            Assert.Equal(Kv(lead, held), Kv(runtime, held));
        }

        await a.FeedAsync(Some(3), Token); // Behind a rewind the holder has no logits.
        await a.FlushAsync(Token);
        await CaughtUpAsync(standby, a);
        await a.ReleaseAsync("drone-b", Token);
        await using var b = await standby.TakeOverAsync(TakeOver.IfReleased, null, Token);

        Assert.Equal(0, b.Rehydration.Loaded + b.Rehydration.Recomputed);
        Assert.Equal(rounding == 0, a.Logits.Span.SequenceEqual(b.Logits.Span));
    }

    /// <summary>A rewind cuts a stored run in two, so that none of its KV is durable any more. The standby has it all the same, should the holder not come to send it again.</summary>
    [Fact]
    public async Task TakeOver_HolderIsLostAfterARewind_KeepsWhatItHas()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var other = await silo.ConnectAsync(proxy.Endpoint);
        var lead = new ToyRuntime();
        await using var a = await other.Agent("drone-a").OpenAsync("track/1", lead, new MemoryOptions { KvFlushInterval = TimeSpan.FromMinutes(1) }, Token);
        for (var step = 0; step < 20; step++)
        {
            await a.FeedAsync(Some(10), Token);
        }

        await a.FlushAsync(Token);
        var runtime = new ToyRuntime();
        await using var standby = await swarm.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        await standby.WaitForCatchUpAsync(Token);
        await a.RewindAsync(50, Token);
        await Poll.UntilAsync(() => standby.Status.Epoch == a.Epoch && standby.Status.Held.Tokens == 50, Token);
        Assert.InRange(a.Durable.Kv, 0, 40); // As a rule all was one run; the first step may have been sent alone.
        proxy.Stop();

        await using var b = await standby.TakeOverAsync(TakeOver.Now, null, Token);

        Assert.Equal((50, 0, 0), (b.Rehydration.Held, b.Rehydration.Recomputed, b.Rehydration.Loaded));
        Assert.InRange(runtime.ComputedPositions, 0, 10); // The last step, for its logits.
        Assert.Equal(Kv(lead), Kv(runtime));
        await b.FlushAsync(Token);
        Assert.Equal(new Watermarks(50, 50), b.Durable);
    }

    /// <summary>
    /// The holder's last KV is lost with it: that is computed, while the context is acquired, and counted; also where the standby is cut off
    /// meanwhile, so that the session goes on before all of it is computed.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TakeOver_KvOfTheLastInputsIsLost_ComputesThatAloneAndCountsIt(bool isCutOff)
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var proxyOfA = new CuttingProxy(silo.DataPlane);
        await using var proxyOfB = new CuttingProxy(silo.DataPlane);
        await using var clientOfA = await silo.ConnectAsync(proxyOfA.Endpoint);
        await using var clientOfB = await silo.ConnectAsync(proxyOfB.Endpoint);
        var lead = new ToyRuntime();
        await using var a = await clientOfA.Agent("drone-a").OpenAsync("track/1", lead, new MemoryOptions { KvFlushInterval = TimeSpan.FromMinutes(1) }, Token);
        await a.FeedAsync(Some(100), Token);
        await a.FlushAsync(Token);
        var runtime = new ToyRuntime { StepTime = TimeSpan.FromMilliseconds(20) };
        await using var standby = await clientOfB.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        for (var step = 1; step <= 10; step++)
        {
            await a.FeedAsync(Some(step), Token);
        }

        await Poll.UntilAsync(() => standby.Status.Held.Tokens == 155, Token);
        proxyOfA.Stop();
        if (isCutOff)
        {
            proxyOfB.Stop();
            await Poll.UntilAsync(() => !standby.Status.IsConnected, Token);
        }

        var taking = standby.TakeOverAsync(TakeOver.Now, null, Token);
        while ((await swarm.GetStatusAsync("track/1", Token)).Epoch == a.Epoch)
        {
            await Task.Yield();
        }

        proxyOfB.Mend();
        await using var b = await taking;

        Assert.Equal((100, 55, 0), (b.Rehydration.Held, b.Rehydration.Recomputed, b.Rehydration.Loaded));
        Assert.InRange(runtime.ComputedPositions, 55, 65);
        Assert.Equal(Kv(lead), Kv(runtime));
        await b.FlushAsync(Token);
        Assert.Equal(new Watermarks(155, 155), b.Durable);
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
                await CaughtUpAsync(standby, a);
                Assert.Equal(Kv(lead), Kv(runtime));
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
    public async Task TakeOver_StandbyIsCutOff_LoadsWhatItLacks()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var other = await silo.ConnectAsync(proxy.Endpoint);
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(200), Token);
        await a.FlushAsync(Token);
        var runtime = new ToyRuntime();
        await using var standby = await other.Agent("drone-b").StandByAsync("track/1", runtime, Token);
        await standby.WaitForCatchUpAsync(Token);
        proxy.Cut();
        await a.FeedAsync(Some(100), Token);
        await a.ReleaseAsync("", Token);

        await using var b = await standby.TakeOverAsync(TakeOver.Now, null, Token);

        Assert.Equal(300, b.Rehydration.Held + b.Rehydration.Loaded);
        Assert.InRange(b.Rehydration.Held, 200, 300);
        Assert.Equal(Kv(lead), Kv(runtime));
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

        Assert.Equal(Kv(lead), Kv(runtime));
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

    private static Task CaughtUpAsync(AgentStandby standby, AgentMemory memory) => Poll.UntilAsync(
        () => standby.Status.Epoch == memory.Epoch && standby.Status.Held == memory.Durable && standby.Lag.Time == TimeSpan.Zero, Token);

    private int[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => _seeded.Random.Next(97))];

    private static byte[] Kv(ToyRuntime runtime) => Kv(runtime, runtime.Length);

    private static byte[] Kv(ToyRuntime runtime, int positions)
    {
        var bytes = new byte[positions * (int)runtime.Model.Geometry.BytesPerPosition];
        for (var stream = 0; stream < 2; stream++)
        {
            runtime.ReadKv(0, stream, 0, positions, bytes.AsSpan(stream * bytes.Length / 2, bytes.Length / 2));
        }

        return bytes;
    }
}
