using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests.Following;

/// <summary>A standby takes its context over without loading what it holds, and goes on bit for bit. Promise 3.</summary>
public sealed class StandbyTakeOverTests
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

        Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
        Assert.Equal(logits, b.Logits.ToArray());
        Assert.True(standby.Status.HasEnded);
        await Assert.ThrowsAsync<InvalidOperationException>(() => standby.TakeOverAsync(TakeOver.Now, null, Token));
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
            await Standbys.CaughtUpAsync(standby, c);

            Assert.Equal(20, runtime.ComputedPositions);
            Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
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
        await Standbys.CaughtUpAsync(standby, a);
        await standby.ComputeAlongAsync(TimeSpan.FromMinutes(1), Token);
        runtime.FailsAt = 0;
        await a.ReleaseAsync("drone-b", Token);
        await using var b = await standby.TakeOverAsync(TakeOver.IfReleased, null, Token);

        Assert.Equal((350, 0, 0), (b.Rehydration.Held, b.Rehydration.Recomputed, b.Rehydration.Loaded));
        Assert.Equal(a.Logits.ToArray(), b.Logits.ToArray());
        Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
        runtime.FailsAt = int.MaxValue;
        var (next, logits) = (Some(3), new float[lead.VocabularySize]);
        lead.Forward(next, logits);
        await b.FeedAsync(next, Token);
        Assert.Equal(logits, b.Logits.ToArray());
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
        proxy.Stop(); // As a rule KV was one run, which the rewind has cut; on a busy machine one may have ended at 50.

        await using var b = await standby.TakeOverAsync(TakeOver.Now, null, Token);

        Assert.Equal((50, 0, 0), (b.Rehydration.Held, b.Rehydration.Recomputed, b.Rehydration.Loaded));
        Assert.InRange(runtime.ComputedPositions, 0, 10); // The last step, for its logits.
        Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
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
        Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
        await b.FlushAsync(Token);
        Assert.Equal(new Watermarks(155, 155), b.Durable);
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
        Assert.Equal(Standbys.Kv(lead), Standbys.Kv(runtime));
    }

    private int[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => _seeded.Random.Next(97))];
}
