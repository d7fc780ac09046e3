using Swarm.Core.Sessions;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Tests.Support;
using Xunit;

namespace Swarm.Grains.Tests.Contexts;

/// <summary>Acquisition, release and takeover through a real silo: gateway, grains, storage on disk.</summary>
public sealed class ContextGrainTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestSilo Silo => fixture.Silo;

    [Fact]
    public async Task Acquire_NewContext_GrantsEpochOneWithAddressAndKey()
    {
        var answer = await Silo.Context("new").AcquireAsync(Requests.Acquire("new", "a"), Token);

        Assert.Null(answer.Refusal);
        Assert.NotNull(answer.Lease);
        Assert.Equal((1UL, 0UL, ""), (answer.Lease.Epoch, answer.Lease.PreviousEpoch, answer.Lease.PreviousHolder));
        Assert.Equal(Silo.Host.Ready.DataPlane, answer.Lease.DataPlane);
        Assert.Equal(32, answer.Lease.TenantKey.Length);
        Assert.Equal(Requests.BlockTokens, answer.Lease.BlockTokens);
    }

    [Fact]
    public async Task Acquire_MissingAndMayNotCreate_IsNotFound()
    {
        var answer = await Silo.Context("none").AcquireAsync(Requests.Acquire("none", "a", mayCreate: false), Token);

        Assert.Equal(RefusalCode.NotFound, answer.Refusal?.Code);
    }

    [Fact]
    public async Task Acquire_SameSecretAgain_GivesTheSameGrant()
    {
        var secret = SessionSecret.Create();
        var request = Requests.Acquire("repeat", "a", secret);

        var first = await Silo.Context("repeat").AcquireAsync(request, Token);
        var second = await Silo.Context("repeat").AcquireAsync(request, Token);

        Assert.Equal(1UL, first.Lease?.Epoch);
        Assert.Equal((1UL, 0UL, ""), (second.Lease!.Epoch, second.Lease.PreviousEpoch, second.Lease.PreviousHolder));
    }

    [Fact]
    public async Task Acquire_SameSecretAfterReactivation_GivesTheSameGrant()
    {
        var request = Requests.Acquire("repeat-later", "a");
        var first = await Silo.Context("repeat-later").AcquireAsync(request, Token);
        await Silo.Context("repeat-later").CloseAsync();

        var second = await Silo.Context("repeat-later").AcquireAsync(request, Token);

        Assert.Equal(1UL, first.Lease?.Epoch);
        Assert.Equal(1UL, second.Lease?.Epoch);
    }

    [Theory]
    [InlineData("b")]
    [InlineData("a")]
    public async Task Acquire_HeldByALiveSession_IsOwnedForAnyOtherSession(string agent)
    {
        var context = $"held-{agent}";
        await Silo.Context(context).AcquireAsync(Requests.Acquire(context, "a"), Token);

        var answer = await Silo.Context(context).AcquireAsync(Requests.Acquire(context, agent), Token);

        Assert.Equal(RefusalCode.Owned, answer.Refusal?.Code);
        Assert.Equal("a", answer.Refusal?.Holder);
        Assert.Equal(new Epoch(1), answer.Refusal?.CurrentEpoch);
    }

    [Fact]
    public async Task Acquire_IfHolderTimedOut_WaitsForTheTimeout()
    {
        await Silo.Context("silent").AcquireAsync(Requests.Acquire("silent", "a"), Token);

        var early = await Silo.Context("silent").AcquireAsync(
            Requests.Acquire("silent", "b", mode: AcquireMode.IfHolderTimedOut, silenceSeconds: 3600), Token);
        var late = await Silo.Context("silent").AcquireAsync(
            Requests.Acquire("silent", "b", mode: AcquireMode.IfHolderTimedOut, silenceSeconds: 0), Token);

        Assert.Equal(RefusalCode.Owned, early.Refusal?.Code);
        Assert.Equal((2UL, 1UL, "a"), (late.Lease!.Epoch, late.Lease.PreviousEpoch, late.Lease.PreviousHolder));
    }

    [Fact]
    public async Task Acquire_Force_FencesTheHolder()
    {
        var secret = SessionSecret.Create();
        await Silo.Context("forced").AcquireAsync(Requests.Acquire("forced", "a", secret), Token);

        var forced = await Silo.Context("forced").AcquireAsync(
            Requests.Acquire("forced", "b", mode: AcquireMode.Force), Token);
        var release = await Silo.Context("forced").ReleaseAsync(Requests.Release("forced", 1, secret), Token);

        Assert.Equal(2UL, forced.Lease?.Epoch);
        Assert.Equal(RefusalCode.StaleEpoch, release.Refusal?.Code);
    }

    [Fact]
    public async Task Acquire_OfferedInAnEpoch_CountsInThatEpochAloneAndMayBeRepeated()
    {
        await Silo.Context("offered").AcquireAsync(Requests.Acquire("offered", "a"), Token);
        var offered = Requests.Acquire("offered", "b", mode: AcquireMode.Force) with { OnlyInEpoch = 1 };

        var first = await Silo.Context("offered").AcquireAsync(offered, Token);
        var repeated = await Silo.Context("offered").AcquireAsync(offered, Token);
        var late = await Silo.Context("offered").AcquireAsync(
            Requests.Acquire("offered", "c", mode: AcquireMode.Force) with { OnlyInEpoch = 1 }, Token);
        var own = await Silo.Context("offered").AcquireAsync(
            Requests.Acquire("offered", "b", mode: AcquireMode.Force) with { OnlyInEpoch = 1 }, Token);

        Assert.Equal((2UL, 2UL), (first.Lease!.Epoch, repeated.Lease!.Epoch));
        Assert.Equal((RefusalCode.EpochChanged, "b"), (late.Refusal!.Code, late.Refusal.Holder));
        Assert.Equal(RefusalCode.EpochChanged, own.Refusal!.Code);
        Assert.Equal(2UL, (await Silo.Context("offered").GetStatusAsync(Token)).Epoch);
    }

    [Fact]
    public async Task Acquire_LateDuplicateOfAFencedSession_IsStaleAndChangesNothing()
    {
        var request = Requests.Acquire("late", "a", mode: AcquireMode.Force);
        await Silo.Context("late").AcquireAsync(request, Token);
        await Silo.Context("late").AcquireAsync(Requests.Acquire("late", "b", mode: AcquireMode.Force), Token);

        var duplicate = await Silo.Context("late").AcquireAsync(request, Token);
        var status = await Silo.Context("late").GetStatusAsync(Token);

        Assert.Equal(RefusalCode.StaleEpoch, duplicate.Refusal?.Code);
        Assert.Equal((2UL, "b"), (status.Epoch, status.Holder));
    }

    [Fact]
    public async Task Release_ForASuccessor_IsFreeForItAlone()
    {
        var secret = SessionSecret.Create();
        await Silo.Context("passed").AcquireAsync(Requests.Acquire("passed", "a", secret), Token);
        var released = await Silo.Context("passed").ReleaseAsync(Requests.Release("passed", 1, secret, "b"), Token);

        var other = await Silo.Context("passed").AcquireAsync(Requests.Acquire("passed", "c"), Token);
        var successor = await Silo.Context("passed").AcquireAsync(Requests.Acquire("passed", "b"), Token);

        Assert.Equal(2UL, released.Epoch);
        Assert.Equal(RefusalCode.Owned, other.Refusal?.Code);
        Assert.Contains("released for agent 'b'", other.Refusal?.Message, StringComparison.Ordinal);
        Assert.Equal(3UL, successor.Lease?.Epoch);
    }

    [Fact]
    public async Task Erase_RequestThatComesLate_DoesNotMeetTheContextMadeAnew()
    {
        var first = await Silo.Context("erased").AcquireAsync(Requests.Acquire("erased", "a"), Token);
        var epoch = first.Lease!.Epoch;

        var erased = await Silo.Context("erased").EraseAsync(epoch, Token);
        var again = await Silo.Context("erased").EraseAsync(epoch, Token);
        var anew = await Silo.Context("erased").AcquireAsync(Requests.Acquire("erased", "b"), Token);
        var late = await Silo.Context("erased").EraseAsync(epoch, Token);
        var status = await Silo.Context("erased").GetStatusAsync(Token);

        Assert.Equal((true, null), (erased.IsErased, erased.Refusal));
        Assert.Equal((false, null), (again.IsErased, again.Refusal));
        Assert.Equal(RefusalCode.EpochChanged, late.Refusal?.Code);
        Assert.Equal((anew.Lease!.Epoch, "b"), (status.Epoch, status.Holder));
    }

    [Fact]
    public async Task Release_ForAnybody_IsFreeForAnybody()
    {
        var secret = SessionSecret.Create();
        await Silo.Context("freed").AcquireAsync(Requests.Acquire("freed", "a", secret), Token);
        await Silo.Context("freed").ReleaseAsync(Requests.Release("freed", 1, secret), Token);

        var answer = await Silo.Context("freed").AcquireAsync(Requests.Acquire("freed", "c"), Token);

        Assert.Equal(3UL, answer.Lease?.Epoch);
    }

    [Fact]
    public async Task Release_WrongSecret_IsStaleAndChangesNothing()
    {
        await Silo.Context("guarded").AcquireAsync(Requests.Acquire("guarded", "a"), Token);

        var answer = await Silo.Context("guarded").ReleaseAsync(
            Requests.Release("guarded", 1, SessionSecret.Create()), Token);
        var status = await Silo.Context("guarded").GetStatusAsync(Token);

        Assert.Equal(RefusalCode.StaleEpoch, answer.Refusal?.Code);
        Assert.Equal((1UL, "a"), (status.Epoch, status.Holder));
    }

    [Fact]
    public async Task Acquire_OtherModel_IsWrongModelAndChangesNothing()
    {
        await Silo.Context("model").AcquireAsync(Requests.Acquire("model", "a"), Token);

        var answer = await Silo.Context("model").AcquireAsync(
            Requests.Acquire("model", "b", mode: AcquireMode.Force, model: TestModels.Tiny("other")), Token);
        var status = await Silo.Context("model").GetStatusAsync(Token);

        Assert.Equal(RefusalCode.WrongModel, answer.Refusal?.Code);
        Assert.Equal((1UL, "a"), (status.Epoch, status.Holder));
    }

    [Fact]
    public async Task Acquire_ManyAgentsAtOnce_ExactlyOneWins()
    {
        const int agents = 16;
        var answers = await Task.WhenAll(Enumerable.Range(0, agents).Select(agent =>
            Silo.Context("race").AcquireAsync(Requests.Acquire("race", $"racer-{agent}"), Token)));

        var winner = Assert.Single(answers, answer => answer.Lease is not null);
        Assert.Equal(1UL, winner.Lease!.Epoch);
        Assert.All(
            answers.Where(answer => answer.Lease is null),
            answer => Assert.Equal(RefusalCode.Owned, answer.Refusal?.Code));
    }

    [Fact]
    public async Task Acquire_ManyForcesAtOnce_EachGetsAnEpochOfItsOwn()
    {
        const int agents = 16;
        var answers = await Task.WhenAll(Enumerable.Range(0, agents).Select(agent => Silo.Context("forces").AcquireAsync(
            Requests.Acquire("forces", $"racer-{agent}", mode: AcquireMode.Force), Token)));

        Assert.Equal(
            Enumerable.Range(1, agents).Select(epoch => (ulong)epoch),
            answers.Select(answer => answer.Lease!.Epoch).Order());
    }

    [Theory]
    [InlineData("bad name", "a")]
    [InlineData("other", "a")]
    [InlineData("form", "Bad Agent")]
    public async Task Acquire_MalformedRequest_IsInvalid(string context, string agent)
    {
        var answer = await Silo.Context("form").AcquireAsync(Requests.Acquire(context, agent), Token);

        Assert.Equal(RefusalCode.Invalid, answer.Refusal?.Code);
    }

    [Fact]
    public async Task GetHeld_AcquiredReleasedAndTakenOver_FollowsTheAgent()
    {
        var secret = SessionSecret.Create();
        await Silo.Context("kept-1").AcquireAsync(Requests.Acquire("kept-1", "keeper", secret), Token);
        await Silo.Context("kept-2").AcquireAsync(Requests.Acquire("kept-2", "keeper"), Token);
        await Silo.Context("kept-3").AcquireAsync(Requests.Acquire("kept-3", "keeper"), Token);
        await Silo.Context("kept-1").ReleaseAsync(Requests.Release("kept-1", 1, secret), Token);
        await Silo.Context("kept-3").AcquireAsync(Requests.Acquire("kept-3", "taker") with { Mode = AcquireMode.Force }, Token);

        await HeldAsync("keeper", new HeldContext("kept-2", 1));
        await HeldAsync("taker", new HeldContext("kept-3", 2));

        // The notes are on their way when an acquisition is answered.
        async Task HeldAsync(string agent, HeldContext held)
        {
            IReadOnlyList<HeldContext> found = [];
            for (var attempt = 0; attempt < 500 && !found.SequenceEqual([held]); attempt++)
            {
                found = await Silo.Agent(agent).GetHeldAsync();
            }

            Assert.Equal([held], found);
        }
    }

    [Fact]
    public async Task Locate_KnownAndUnknownContext_TellsTheAddressOrNotFound()
    {
        await Silo.Context("located").AcquireAsync(Requests.Acquire("located", "a"), Token);

        var known = await Silo.Context("located").LocateAsync(Token);
        var unknown = await Silo.Context("nowhere").LocateAsync(Token);

        Assert.Equal((Silo.Host.Ready.DataPlane, null), (known.DataPlane, known.Refusal));
        Assert.Equal(RefusalCode.NotFound, unknown.Refusal?.Code);
    }
}
