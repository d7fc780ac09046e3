using System.Collections.Concurrent;
using System.Diagnostics;
using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>A fleet hands contexts over by itself: on real silos, with agents that vanish, are silent, or ask for a successor.</summary>
public sealed class FleetTests
{
    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HolderVanishes_ItsWarmStandbyIsOfferedTheContextAndGoesOn()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(proxy.Endpoint);
        await using var other = await silo.ConnectAsync();
        var lead = new ToyRuntime();
        await using var b = await Follower.JoinAsync(other, "drone-b");
        var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(300), Token);
        await a.FlushAsync(Token);
        await b.FollowsAsync("track/1", 300);

        proxy.Stop();
        var memory = await b.TookOverAsync("track/1");

        Assert.Equal(300, memory.Rehydration.Held);
        var next = Some(1);
        var logits = new float[lead.VocabularySize];
        lead.Forward(next, logits);
        await memory.FeedAsync(next, Token);
        Assert.Equal(logits, memory.Logits.ToArray());
        Assert.Contains("'drone-a' was lost", b.Offers.Last(offer => offer.Context == "track/1").Reason, StringComparison.Ordinal);
        Assert.Equal("drone-b", (await other.GetStatusAsync("track/1", Token)).Holder);
        await a.CloseAsync(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task HolderIsSilent_IsOfferedAfterTheTimeOfItsPolicyAndNotBefore()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        await using var b = await Follower.JoinAsync(other, "drone-b");
        var policy = new HandoffPolicy { HolderSilence = TimeSpan.FromSeconds(1) };
        var options = new MemoryOptions { HeartbeatInterval = TimeSpan.FromMinutes(1), HandoffPolicy = policy };
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
        await a.FeedAsync(Some(10), Token);
        await a.FlushAsync(Token);
        var silent = Stopwatch.StartNew();

        var memory = await b.TookOverAsync("track/1");

        Assert.True(silent.Elapsed >= TimeSpan.FromSeconds(0.9), $"{silent.Elapsed} is too soon");
        Assert.Equal(policy, memory.HandoffPolicy);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(20), a.Fenced));
        await a.CloseAsync(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task RequestHandoff_HolderGoesOnUntilTheSuccessorIsReady()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        var lead = new ToyRuntime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", lead, null, Token);
        await a.FeedAsync(Some(100), Token);
        var request = a.RequestHandoffAsync("battery 12 %", Token);
        await a.GenerateAsync(20, null, Token);
        Assert.False(request.IsCompleted, "nobody has joined");

        await using var b = await Follower.JoinAsync(other, "drone-b");
        while (!request.IsCompleted)
        {
            await a.FeedAsync(Some(1), Token);
            await a.FlushAsync(Token);
        }

        Assert.Equal("drone-b", await request);
        await a.ReleaseAsync(await request, Token);
        var memory = await b.TookOverAsync("track/1");

        Assert.Equal(lead.Length, memory.Length);
        Assert.Equal(0, memory.Rehydration.Recomputed);
        Assert.Contains(b.Offers, offer => offer is { Kind: HandoffOfferKind.PlannedTakeOver, Reason: "battery 12 %", Holder: "drone-a" });
    }

    [Fact]
    public async Task Offers_AreMadeToThoseOnlyThatMayHaveTheContext()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        var labels = new Dictionary<string, string> { ["region"] = "north" };
        var options = new MemoryOptions { HandoffPolicy = new HandoffPolicy { RequiredLabels = labels, WarmStandbys = 2 } };
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
        await a.FeedAsync(Some(64), Token);
        await a.FlushAsync(Token);
        await using var elsewhere = await Follower.JoinAsync(other, "a-south", labels: new() { ["region"] = "south" });
        await using var small = await Follower.JoinAsync(other, "b-small", labels: labels, free: 10);
        await using var wrong = await Follower.JoinAsync(other, "c-model", labels: labels, model: "other");
        await using var right = await Follower.JoinAsync(other, "d-north", labels: labels);

        await right.FollowsAsync("track/1", 64);
        await a.ReleaseAsync("", Token);
        await right.TookOverAsync("track/1");

        Assert.Empty(elsewhere.Offers);
        Assert.Empty(small.Offers);
        Assert.Empty(wrong.Offers);
        Assert.Equal(["a-south", "b-small", "c-model", "d-north"], (await other.GetFleetAsync(Token)).Select(agent => agent.Name));
    }

    [Fact]
    public async Task Offer_DeclinedOrLapsed_GoesToTheNext()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        await using var asleep = await Follower.JoinAsync(other, "a-asleep", free: 4000, takes: false);
        await using var unwilling = await Follower.JoinAsync(other, "b-unwilling", free: 3000, declines: true);
        await using var willing = await Follower.JoinAsync(other, "c-willing", free: 2000);
        var options = new MemoryOptions { HandoffPolicy = new HandoffPolicy { WarmStandbys = 0 } };
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
        await a.FeedAsync(Some(64), Token);
        await a.ReleaseAsync("", Token);

        var memory = await willing.TookOverAsync("track/1");

        Assert.Equal(64, memory.Length);
        Assert.NotEmpty(asleep.Offers);
        Assert.NotEmpty(unwilling.Offers);
    }

    /// <summary>All holders vanish at once: every context has one again, and what was offered at a time is bounded.</summary>
    [Fact]
    public async Task Storm_AllHoldersVanish_EveryContextIsHeldAgain()
    {
        const int Contexts = 60;
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(proxy.Endpoint);
        await using var other = await silo.ConnectAsync();
        var options = new MemoryOptions { HandoffPolicy = new HandoffPolicy { WarmStandbys = 0 } };
        List<AgentMemory> memories = [];
        for (var context = 0; context < Contexts; context++)
        {
            memories.Add(await swarm.Agent($"lost-{context}").OpenAsync($"track/{context}", new ToyRuntime(maxPositions: 128), options, Token));
            await memories[^1].FeedAsync(Some(8), Token);
        }

        foreach (var memory in memories)
        {
            await memory.FlushAsync(Token);
        }

        List<Follower> members = [];
        for (var member = 0; member < 5; member++)
        {
            members.Add(await Follower.JoinAsync(other, $"member-{member}", free: 100_000));
        }

        proxy.Stop();
        for (var context = 0; context < Contexts; context++)
        {
            await Poll.UntilAsync(() => members.Any(member => member.Holds($"track/{context}")), Token);
        }

        Assert.All(members, member => Assert.InRange(member.Held, 1, Contexts / 2));
        foreach (var member in members)
        {
            await member.DisposeAsync();
        }

        foreach (var memory in memories)
        {
            await memory.CloseAsync(new CancellationToken(canceled: true));
        }
    }

    [Fact]
    public async Task Policy_IsDurableAndSurvivesRewindsAndForks()
    {
        var folder = Silo.NewFolder();
        var policy = new HandoffPolicy
        {
            HolderSilence = TimeSpan.FromSeconds(9),
            ReconnectGrace = TimeSpan.FromSeconds(1),
            WarmStandbys = 3,
            RequiredLabels = new Dictionary<string, string> { ["a"] = "b" },
        };
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), new MemoryOptions { HandoffPolicy = policy }, Token);
            await a.FeedAsync(Some(64), Token);
            await a.RewindAsync(0, Token);
            Assert.Empty(a.States);
            await a.FeedAsync(Some(20), Token);
            await a.ReleaseAsync("", Token);
            await swarm.ForkAsync("track/1", "track/2", 10, Token);
        }

        await using var again = await Silo.StartAsync(folder);
        again.OwnsFolder = true;
        await using var other = await again.ConnectAsync();
        await using var one = await other.Agent("drone-b").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await using var two = await other.Agent("drone-b").OpenAsync("track/2", new ToyRuntime(), null, Token);

        Assert.Equal(policy, one.HandoffPolicy);
        Assert.Equal(policy, two.HandoffPolicy);
        one.SetHandoffPolicy(HandoffPolicy.Never);
        Assert.Equal(HandoffPolicy.Never, one.HandoffPolicy);
        var wrong = Assert.Throws<ArgumentException>(() => one.SetHandoffPolicy(new HandoffPolicy { WarmStandbys = 17 }));
        Assert.Contains("WarmStandbys is 17; 0 to 16", wrong.Message, StringComparison.Ordinal);
    }

    private int[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => _seeded.Random.Next(97))];

    /// <summary>An agent that accepts what it is offered.</summary>
    private sealed class Follower : IAsyncDisposable
    {
        private readonly ConcurrentDictionary<string, IAgentStandby> _standbys = new();
        private readonly ConcurrentDictionary<string, IAgentMemory> _memories = new();
        private readonly ConcurrentBag<Task> _taking = [];
        private readonly FleetMember _member;
        private readonly Task _running;

        private Follower(FleetMember member, string model, bool takes, bool declines)
        {
            _member = member;
            _running = RunAsync(model, takes, declines);
        }

        public ConcurrentQueue<HandoffOffer> Offers { get; } = [];

        public int Held => _memories.Count;

        public static async Task<Follower> JoinAsync(
            SwarmClient swarm,
            string name,
            Dictionary<string, string>? labels = null,
            long free = 4096,
            string model = "toy",
            bool takes = true,
            bool declines = false) => new(
                await swarm.Agent(name).JoinAsync(
                    new AgentProfile { Models = [new ToyRuntime(name: model).Fingerprint], FreePositions = free, Labels = labels ?? [] }, Token),
                model,
                takes,
                declines);

        public bool Holds(string context) => _memories.ContainsKey(context);

        public Task FollowsAsync(string context, long positions) => Poll.UntilAsync(
            () => _standbys.TryGetValue(context, out var standby) && standby.Status.Held == new Watermarks(positions, positions), Token);

        public async Task<AgentMemory> TookOverAsync(string context)
        {
            await Poll.UntilAsync(() => _memories.ContainsKey(context), Token);
            return (AgentMemory)_memories[context];
        }

        public async ValueTask DisposeAsync()
        {
            await _member.DisposeAsync();
            await _running;
            await Task.WhenAll(_taking);
            foreach (var memory in _memories.Values)
            {
                await memory.DisposeAsync();
            }

            foreach (var standby in _standbys.Values)
            {
                await standby.DisposeAsync();
            }
        }

        private async Task RunAsync(string model, bool takes, bool declines)
        {
            await foreach (var offer in _member.OffersAsync(Token))
            {
                Offers.Enqueue(offer);
                if (declines)
                {
                    await offer.DeclineAsync(Token);
                }
                else if (takes)
                {
                    _taking.Add(TakeAsync(offer, model));
                }
            }
        }

        private async Task TakeAsync(HandoffOffer offer, string model)
        {
            try
            {
                if (offer.Kind == HandoffOfferKind.StandBy)
                {
                    _standbys[offer.Context] = await offer.StandByAsync(new ToyRuntime(name: model), Token);
                }
                else
                {
                    _memories[offer.Context] = await offer.TakeOverAsync(offer.Standby is null ? new ToyRuntime(name: model) : null, null, Token);
                }
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.EpochChanged)
            {
                // Somebody else was faster.
            }
        }
    }
}
