using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.InMemory;

/// <summary>A swarm in memory has standbys and a fleet, as silos do.</summary>
public sealed class InMemoryFleetTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Holder_ClosesWithoutRelease_ItsStandbyIsOfferedTheContext()
    {
        var swarm = new InMemorySwarm().Connect();
        var lead = new ToyRuntime();
        var a = await swarm.Agent("drone-a").OpenAsync(
            "track/1", lead, new MemoryOptions { HandoffPolicy = new HandoffPolicy { HolderSilence = TimeSpan.FromMilliseconds(200) } }, Token);
        await a.FeedAsync(new[] { 1, 2, 3 }, Token);
        await using var member = await swarm.Agent("drone-b").JoinAsync(Profile(), Token);
        var offers = member.OffersAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await offers.MoveNextAsync());
        Assert.Equal(HandoffOfferKind.StandBy, offers.Current.Kind);
        var runtime = new ToyRuntime();
        await using var standby = await offers.Current.StandByAsync(runtime, Token);
        await a.FeedAsync(new[] { 4 }, Token);
        Assert.Equal([1, 2, 3, 4], standby.GetTokens());

        await a.CloseAsync(Token);
        Assert.True(await offers.MoveNextAsync());
        Assert.Equal(HandoffOfferKind.TakeOver, offers.Current.Kind);
        await using var b = await offers.Current.TakeOverAsync(null, null, Token);

        Assert.Equal(4, b.Length);
        Assert.Equal(TimeSpan.FromMilliseconds(200), b.HandoffPolicy.HolderSilence);
        Assert.Equal("drone-b", (await swarm.GetStatusAsync("track/1", Token)).Holder);
        var logits = new float[lead.VocabularySize];
        lead.Forward([5], logits);
        await b.FeedAsync(new[] { 5 }, Token);
        Assert.Equal(logits, b.Logits.ToArray());
        await offers.DisposeAsync();
    }

    [Fact]
    public async Task RequestHandoff_SuccessorIsReady_TakesWhatIsReleasedForIt()
    {
        var swarm = new InMemorySwarm().Connect();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(new[] { 1, 2, 3 }, Token);
        var request = a.RequestHandoffAsync("battery 12 %", Token);
        await using var member = await swarm.Agent("drone-b").JoinAsync(Profile(), Token);
        var taking = TakeAsync(member);

        Assert.Equal("drone-b", await request);
        Assert.Equal(["drone-b"], (await swarm.GetFleetAsync(Token)).Select(agent => agent.Name));
        await a.FeedAsync(new[] { 4 }, Token);
        await a.ReleaseAsync("drone-b", Token);
        await using var b = await taking;

        Assert.Equal(4, b.Length);
    }

    private static async Task<IAgentMemory> TakeAsync(IFleetMember member)
    {
        await foreach (var offer in member.OffersAsync(Token))
        {
            if (offer.Kind == HandoffOfferKind.PlannedTakeOver)
            {
                Assert.Equal("battery 12 %", offer.Reason);
                return await offer.TakeOverAsync(new ToyRuntime(), null, Token);
            }

            await offer.StandByAsync(new ToyRuntime(), Token);
        }

        throw new InvalidOperationException("The membership has ended.");
    }

    private static AgentProfile Profile() => new() { Models = [new ToyRuntime().Fingerprint], FreePositions = 1000 };
}
