using Swarm.Core.Identity;
using Swarm.Grains.Abstractions.Fleet;
using Xunit;

namespace Swarm.Grains.Tests.Fleet;

/// <summary>Who is a member and a standby, and what becomes of offers when that changes.</summary>
public sealed class FleetPlannerMembershipTests
{
    private static readonly Digest256 _model = Digest256.Sha256("model"u8);
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FleetPlanner _planner = new();

    [Fact]
    public void Standby_ThatHasNoKvYet_ComesBeforeAnAgentThatFollowsNothing()
    {
        Report("a-idle", free: 10_000);
        Report("b-standby", free: 2_000, Follow(kv: 0, lag: 50));
        Note(epoch: 1, "holder", HandoffNeed.Silent);

        Assert.Equal("b-standby", Assert.Single(Plan(), offer => !offer.Offer.IsStandby).Agent);
    }

    [Fact]
    public void StandbyOffer_StandsWhenTheEpochChanges()
    {
        Report("a", free: 10_000);
        Note(epoch: 1, "holder", HandoffNeed.None);
        var (_, offer) = Assert.Single(Plan());

        Note(epoch: 2, "holder", HandoffNeed.None);

        Assert.Empty(Plan());
        Assert.True(_planner.Answer("a", offer.Id, isAccepted: true, _start));
    }

    [Fact]
    public void Holder_ThatFollowsItsOwnContext_IsNoStandbyOfIt()
    {
        Report("a", free: 10_000, Follow(kv: 50, lag: 0));
        Report("b", free: 10_000);
        Note(epoch: 1, "a", HandoffNeed.None);

        Assert.Equal("b", Assert.Single(Plan()).Agent);
    }

    [Fact]
    public void AgentThatJoinsAnew_IsOfferedWhatItsProcessBeforeLeftUnanswered()
    {
        Report("a", free: 10_000);
        Note(epoch: 1, "holder", HandoffNeed.None);
        var (_, offer) = Assert.Single(Plan());

        Report("a", free: 10_000);

        Assert.False(_planner.Answer("a", offer.Id, isAccepted: true, _start));
        Assert.Equal("a", Assert.Single(Plan()).Agent);
    }

    [Fact]
    public void HolderThatWasLost_IsOfferedNothingUntilItIsHeardOf()
    {
        var session = Guid.NewGuid();
        _planner.Report("a", new MemberReport(session, [_model], 10_000, [], [], 0, Number: 1), _start);
        Note(epoch: 1, "a", HandoffNeed.ConnectionLost);
        Assert.Empty(Plan());

        Note(epoch: 2, "b", HandoffNeed.ConnectionLost);
        Assert.Empty(Plan());
        _planner.Report("a", new MemberReport(session, [_model], 10_000, [], [], 0, Number: 2), _start);

        Assert.Equal("a", Assert.Single(Plan(), offer => !offer.Offer.IsStandby).Agent);
    }

    [Fact]
    public void AgentThatJoinsAnew_IsNotKeptWaitingForWhatItsProcessBeforeDidNotAnswer()
    {
        Report("a", free: 10_000);
        Note(epoch: 1, "holder", HandoffNeed.Silent);
        Assert.Single(Plan(), offer => !offer.Offer.IsStandby);
        var later = _start + FleetPlanner.AnswerTime + TimeSpan.FromMilliseconds(1);
        Assert.DoesNotContain(_planner.Plan(later), offer => !offer.Offer.IsStandby);

        _planner.Report("a", new MemberReport(Guid.NewGuid(), [_model], 10_000, [], [], 0, Number: 1), later);

        Assert.Contains(_planner.Plan(later), offer => !offer.Offer.IsStandby);
    }

    [Fact]
    public void Report_ThatWasOvertaken_IsNotHeeded()
    {
        var session = Guid.NewGuid();
        _planner.Report("a", new MemberReport(session, [_model], 2_000, [], [Follow(kv: 50, lag: 0)], 0, Number: 2), _start);
        _planner.Report("a", new MemberReport(session, [_model], 2_000, [], [], 0, Number: 1), _start);
        Report("b", free: 10_000);
        Note(epoch: 1, "holder", HandoffNeed.Silent);

        Assert.Equal("a", Assert.Single(Plan(), offer => !offer.Offer.IsStandby).Agent);
    }

    private void Report(string agent, long free, params FollowedContext[] follows) =>
        _planner.Report(agent, new MemberReport(Guid.NewGuid(), [_model], free, [], follows, 0, Number: 1), _start);

    [Fact]
    public void Note_OfASiloThatIsBehind_DoesNotCount()
    {
        Report("a", free: 10_000);

        Assert.True(Note(epoch: 2, "holder", HandoffNeed.Silent));
        Assert.False(Note(epoch: 1, "before", HandoffNeed.None));

        Assert.Equal("holder", Assert.Single(Plan(), offer => !offer.Offer.IsStandby).Offer.Holder);
    }

    private bool Note(ulong epoch, string holder, HandoffNeed need) =>
        _planner.Note(new ContextNote("track/1", epoch, holder, "", _model, 50, HandoffPolicy.Default, need, 0), "", _start);

    private IReadOnlyList<(string Agent, OfferMessage Offer)> Plan() => _planner.Plan(_start);

    private static FollowedContext Follow(long kv, long lag) => new("track/1", 50, kv, lag);
}
