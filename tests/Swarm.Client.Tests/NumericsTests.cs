using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>A successor hears whether what it goes on with was computed as it computes, wherever the KV came from.</summary>
public sealed class NumericsTests
{
    private const int BitsMayDifferEvent = 3040;
    private const int Block = 16;
    private const int Step = 64;

    private static readonly NumericsIdentity _one = new("threads 1");
    private static readonly NumericsIdentity _two = new("threads 2");

    private static MemoryOptions Options => new() { BlockTokens = Block };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TakeOver_OfAnotherIdentity_LoadsTheKvAndSaysThatBitsMayDiffer()
    {
        await using var silo = await Silo.StartAsync();
        using var logs = new RecordingLoggers();
        await using var swarm = await ConnectAsync(silo, logs);
        await using var a = await swarm.Agent("a").OpenAsync("track", Runtime(_one), Options, Token);
        await a.FeedAsync(Tokens(100), Token);
        await a.ReleaseAsync("", Token);

        await using var b = await swarm.Agent("b").TakeOverAsync("track", Runtime(_two), TakeOver.IfReleased, Options, Token);

        Assert.Equal((false, 0), (a.Rehydration.BitsMayDiffer, a.Rehydration.OtherNumerics.Count));
        Assert.Equal((100L, 0L), (b.Rehydration.Loaded, b.Rehydration.Recomputed));
        Assert.True(b.Rehydration.BitsMayDiffer);
        Assert.Equal(_two, b.Rehydration.Numerics);
        Assert.Equal([_one], b.Rehydration.OtherNumerics);
        await using var reader = await swarm.OpenReaderAsync("track", Token);
        var read = await reader.RehydrateAsync(Runtime(_two), RehydrationStrategy.LoadKv, Token);
        Assert.Equal((true, _two), (read.BitsMayDiffer, read.Numerics));
        Assert.Equal([_one], read.OtherNumerics);
        var said = Assert.Single(logs.Of(BitsMayDifferEvent));
        Assert.Contains("they computed with threads 1, this one with threads 2", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakeOver_OfTheSameIdentity_SaysNothing()
    {
        await using var silo = await Silo.StartAsync();
        using var logs = new RecordingLoggers();
        await using var swarm = await ConnectAsync(silo, logs);
        for (var round = 0; round < 3; round++)
        {
            await using var memory = await swarm.Agent($"a{round}").OpenAsync("track", Runtime(_one), Options, Token);
            await memory.FeedAsync(Tokens(Step), Token);
            await memory.RewindAsync(memory.Length - 5, Token);
            await memory.ReleaseAsync("", Token);

            Assert.False(memory.Rehydration.BitsMayDiffer);
        }

        Assert.Empty(logs.Of(BitsMayDifferEvent));
    }

    // Several in turn: each is told of all whose positions are still there.
    [Fact]
    public async Task TakeOver_AfterSeveralIdentitiesAndRewinds_NamesThoseThatAreLeft()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        Assert.Empty(await PassAsync(swarm, _one, 100));
        Assert.Equal([_one], await PassAsync(swarm, _two, 100));
        Assert.Equal([_two], await PassAsync(swarm, _one, 100)); // Its own again, and the other's.
        Assert.Equal([_one], await PassAsync(swarm, _two, 0));
        Assert.Equal([_one], await PassAsync(swarm, _two, 10, rewindTo: Step + 6));
        Assert.Equal([_one], await PassAsync(swarm, _two, 10, rewindTo: Step - 6)); // In the first step: it is computed anew.
        Assert.Empty(await PassAsync(swarm, _two, 10));
    }

    // Nobody of the predecessor's is left: what is known of it was durable with its inputs.
    [Fact]
    public async Task TakeOver_AfterTheLossOfEveryProcess_StillKnows()
    {
        var folder = Silo.NewFolder();
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var a = await swarm.Agent("a").OpenAsync("track", Runtime(_one), Options, Token);
            await a.FeedAsync(Tokens(100), Token);
            await a.FlushAsync(Token);
        }

        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var b = await swarm.Agent("b").TakeOverAsync("track", Runtime(_two), TakeOver.Now, Options, Token);

            Assert.Equal([_one], b.Rehydration.OtherNumerics);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Fork_AndPromptThatIsShared_HaveTheIdentityOfWhoComputedIt()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var prompt = Tokens(3 * Step);
        await using var parent = await swarm.Agent("a").OpenAsync("parent", Runtime(_one), Options, Token);
        await parent.FeedAsync(prompt, Token);
        await parent.ReleaseAsync("", Token);
        await using var second = await swarm.Agent("b").TakeOverAsync("parent", Runtime(_two), TakeOver.IfReleased, Options, Token);
        await second.FeedAsync(Tokens(2 * Step), Token);
        await second.FlushAsync(Token);

        await swarm.ForkAsync("parent", "early", 2 * Step, Token);
        await swarm.ForkAsync("parent", "late", 4 * Step, Token);
        await using var early = await swarm.Agent("c").OpenAsync("early", Runtime(_one), Options, Token);
        await using var late = await swarm.Agent("c").OpenAsync("late", Runtime(_one), Options, Token);
        await using var same = await swarm.Agent("d").OpenWithPromptAsync("same", Runtime(_one), (int[])[.. prompt, 1], Options, Token);
        await using var other = await swarm.Agent("d").OpenWithPromptAsync("other", Runtime(_two), (int[])[.. prompt, 2], Options, Token);

        Assert.Empty(early.Rehydration.OtherNumerics);
        Assert.Equal([_two], late.Rehydration.OtherNumerics);
        Assert.Equal((3L * Step, 0), (same.Rehydration.Loaded, same.Rehydration.OtherNumerics.Count));
        Assert.Equal(3 * Step, other.Rehydration.Loaded);
        Assert.Equal([_one], other.Rehydration.OtherNumerics);
    }

    [Fact]
    public async Task TakeOver_OfARuntimeThatDoesNotSay_IsNeverTheSame()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        Assert.Empty(await PassAsync(swarm, NumericsIdentity.Unknown, 10));
        Assert.True(Assert.Single(await PassAsync(swarm, NumericsIdentity.Unknown, 10)).IsUnknown);
        Assert.True(Assert.Single(await PassAsync(swarm, _one, 10)).IsUnknown);
        Assert.Equal(2, (await PassAsync(swarm, NumericsIdentity.Unknown, 10)).Count);
    }

    // Nothing was computed by then: there are no other bits.
    [Fact]
    public async Task TakeOver_OfTokensWithoutKv_SaysNothing()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using (var sensor = await swarm.Agent("sensor").OpenAsync("track", Runtime(_one).Model, Options, Token))
        {
            await sensor.FeedAsync(Tokens(100), Token);
            await sensor.ReleaseAsync("", Token);
        }

        Assert.Empty(await PassAsync(swarm, _one, 10));
        Assert.Empty(await PassAsync(swarm, _one, 10));
        Assert.Equal([_one], await PassAsync(swarm, _two, 10));
    }

    [Fact]
    public async Task Spool_SessionThatGoesOnWithAnotherIdentity_IsTold()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var options = new MemoryOptions { BlockTokens = Block, SpoolPath = Path.Combine(silo.Folder, "spool") };
        var memory = await swarm.Agent("a").OpenAsync("track", Runtime(_one), options, Token);
        await memory.FeedAsync(Tokens(40), Token);
        await memory.DisposeAsync();

        await using var again = await swarm.Agent("a").OpenAsync("track", Runtime(_two), options, Token);

        Assert.NotNull(again.Recovery);
        Assert.Equal([_one], again.Rehydration.OtherNumerics);
    }

    [Fact]
    public async Task States_OfSwarmsOwn_AreNotTheAgents()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("a").OpenAsync("track", Runtime(_one), Options, Token);
        await memory.FeedAsync(Tokens(10), [("mine", new byte[] { 1 })], Token);
        await memory.FlushAsync(Token);
        await using var reader = await swarm.OpenReaderAsync("track", Token);

        Assert.Equal(["mine"], memory.States.Keys);
        Assert.Equal(["mine"], (await reader.ReadStatesAsync(Token)).Select(state => state.Name));
        Assert.Throws<ArgumentException>(() => memory.SetState("swarm/numerics", new byte[] { 1 }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await memory.FeedAsync(Tokens(1), [("swarm/x", new byte[] { 1 })], Token));
        Assert.Equal(10, memory.Length);
    }

    // As a context of an earlier build may: it must not fail for one state more.
    [Fact]
    public async Task Open_ContextFullOfStates_WorksAndDoesNotKeepTheIdentity()
    {
        await using var silo = await Silo.StartAsync();
        using var logs = new RecordingLoggers();
        await using var swarm = await ConnectAsync(silo, logs);
        await using var full = await swarm.Agent("a").OpenAsync("track", Runtime(NumericsIdentity.Unknown), Options, Token);
        await full.FeedAsync(
            Tokens(5),
            [.. Enumerable.Range(0, NamedState.MaxCount).Select(i => ($"s{i}", (ReadOnlyMemory<byte>)new byte[] { 1 }))],
            Token);
        await full.ReleaseAsync("", Token);

        await using var memory = await swarm.Agent("b").OpenAsync("track", Runtime(_one), Options, Token);
        await memory.FeedAsync(Tokens(5), Token);
        await memory.FlushAsync(Token);

        Assert.Equal(NamedState.MaxCount, memory.States.Count);
        Assert.Single(logs.Of(3042));
    }

    private static async Task<IReadOnlyList<NumericsIdentity>> PassAsync(
        SwarmClient swarm, NumericsIdentity numerics, int count, long? rewindTo = null)
    {
        await using var memory = await swarm.Agent("a").OpenAsync("track", Runtime(numerics), Options, Token);
        if (rewindTo is { } length)
        {
            await memory.RewindAsync(length, Token);
        }

        if (count > 0)
        {
            await memory.FeedAsync(Tokens(count), Token);
        }

        await memory.ReleaseAsync("", Token);
        return memory.Rehydration.OtherNumerics;
    }

    private static Task<SwarmClient> ConnectAsync(Silo silo, RecordingLoggers logs) => SwarmClient.ConnectAsync(
        silo.Address,
        new SwarmCredential("default"),
        new SwarmClientOptions { ClusterId = silo.ClusterId, ServiceId = silo.ServiceId, LoggerFactory = logs },
        Token);

    private static ToyRuntime Runtime(NumericsIdentity numerics) => new() { Numerics = numerics };

    private static int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(i => i * 7 % 97)];
}
