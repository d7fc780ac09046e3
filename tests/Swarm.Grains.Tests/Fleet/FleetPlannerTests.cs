using Swarm.Core.Fleet;
using Swarm.Core.Identity;
using Swarm.Grains.Abstractions.Fleet;
using Swarm.Testing;
using Xunit;

namespace Swarm.Grains.Tests.Fleet;

/// <summary>Who is offered what: for any fleet, any contexts and any answers, within the bounds, to those alone that may, and until everything is held.</summary>
public sealed class FleetPlannerTests
{
    private static readonly Digest256 ModelA = Digest256.Sha256("a"u8);
    private static readonly Digest256 ModelB = Digest256.Sha256("b"u8);
    private readonly FleetPlanner _planner = new();
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void Plan_AnyFleet_OffersToThoseWhoMayAndLeavesNothingBehind()
    {
        var seeded = new SeededTest();
        for (var round = 0; round < 200; round++)
        {
            new Run(seeded.Random).Play();
        }
    }

    [Fact]
    public void Plan_ManyNeedAHolder_ServesTheOneThatWaitsForLongestFirstAndBoundsWhatIsOpen()
    {
        for (var member = 0; member < 100; member++)
        {
            _planner.Report($"agent-{member}", Report(free: 1_000_000), _now);
        }

        for (var context = 0; context < 1000; context++)
        {
            _planner.Note(Needy($"c/{context}", seconds: context), "", _now);
        }

        var offers = _planner.Plan(_now);

        Assert.Equal(64, offers.Count);
        Assert.Equal(Enumerable.Range(936, 64).Reverse().Select(context => $"c/{context}"), offers.Select(offer => offer.Offer.Context));
        Assert.All(offers.GroupBy(offer => offer.Agent), agent => Assert.InRange(agent.Count(), 1, 4));
        Assert.Empty(_planner.Plan(_now));
    }

    [Fact]
    public void Plan_SeveralFollow_TheOneWithMostKvIsAskedThenTheNext()
    {
        _planner.Report("a-far", Report(free: 1_000_000), _now);
        _planner.Report("b-behind", Report(follows: new FollowedContext("c", 90, 60, 30)), _now);
        _planner.Report("c-close", Report(follows: new FollowedContext("c", 100, 95, 5)), _now);
        _planner.Note(Needy("c", 0), "", _now);

        var first = Assert.Single(_planner.Plan(_now));
        Assert.True(_planner.Answer("c-close", first.Offer.Id, isAccepted: false, _now));
        var second = Assert.Single(_planner.Plan(_now));
        _now += FleetPlanner.AnswerTime + TimeSpan.FromMilliseconds(1);
        Assert.False(_planner.Answer("b-behind", second.Offer.Id, isAccepted: true, _now));
        var third = Assert.Single(_planner.Plan(_now));

        Assert.Equal(["c-close", "b-behind", "a-far"], [first.Agent, second.Agent, third.Agent]);
    }

    [Fact]
    public void Plan_HolderComesBack_TheOfferIsVoid()
    {
        _planner.Report("b", Report(free: 1000), _now);
        _planner.Note(Needy("c", 0), "", _now);
        var offer = Assert.Single(_planner.Plan(_now));

        _planner.Note(Needy("c", 0) with { Need = HandoffNeed.None }, "", _now);

        Assert.False(_planner.Answer("b", offer.Offer.Id, isAccepted: true, _now));
        Assert.Equal(0, _planner.OpenOffers);
    }

    [Fact]
    public void Plan_AgentIsNotHeardOf_LeavesAndItsOffersGoToOthers()
    {
        _planner.Report("a", Report(free: 2000), _now);
        _planner.Report("b", Report(free: 1000), _now);
        _planner.Note(Needy("c", 0), "", _now);
        Assert.Equal("a", Assert.Single(_planner.Plan(_now)).Agent);

        _now += FleetPlanner.MemberTimeout + TimeSpan.FromMilliseconds(1);
        _planner.Report("b", Report(free: 1000), _now);

        Assert.Equal("b", Assert.Single(_planner.Plan(_now)).Agent);
        Assert.Equal(["b"], _planner.Members.Select(member => member.Agent));
    }

    private static MemberReport Report(long free = 0, Digest256? model = null, Dictionary<string, string>? labels = null, params FollowedContext[] follows) =>
        new(Guid.Empty, [model ?? ModelA], free, labels ?? [], follows, 0, Number: 0);

    private static ContextNote Needy(string name, double seconds) => new(
        name, 1, "gone", "", ModelA, 100, new HandoffPolicy { WarmStandbys = 0 }, HandoffNeed.ConnectionLost, seconds);

    /// <summary>One fleet and its contexts, with agents that answer as they like.</summary>
    private sealed class Run(Random random)
    {
        private readonly FleetPlanner _planner = new();
        private readonly Dictionary<string, MemberReport> _members = [];
        private readonly Dictionary<string, ContextNote> _contexts = [];
        private readonly Dictionary<Guid, (string Agent, OfferMessage Offer)> _open = [];
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(50);

        public void Play()
        {
            for (var member = random.Next(1, 8); member > 0; member--)
            {
                Dictionary<string, string> labels = random.Next(2) == 0 ? new() { ["region"] = "north" } : [];
                _members[$"agent-{member}"] = Report(random.Next(4) * 150, random.Next(4) == 0 ? ModelB : ModelA, labels);
            }

            for (var context = random.Next(1, 12); context > 0; context--)
            {
                Dictionary<string, string> required = random.Next(4) == 0 ? new() { ["region"] = "north" } : [];
                _contexts[$"c/{context}"] = new ContextNote(
                    $"c/{context}", 1, $"agent-{random.Next(10)}", "", ModelA, random.Next(300),
                    new HandoffPolicy { WarmStandbys = random.Next(3), RequiredLabels = required },
                    (HandoffNeed)random.Next(4), random.NextDouble());
            }

            for (var turn = 0; turn < 60; turn++)
            {
                Turn(answers: true);
            }

            // From here on everybody is willing: what can be held is held in the end.
            for (var turn = 0; turn < 400; turn++)
            {
                Turn(answers: false);
            }

            foreach (var note in _contexts.Values.Where(note => note.Need != HandoffNeed.None))
            {
                Assert.DoesNotContain(_members, member => MayHave(member.Key, note) && !_open.Values.Any(open => open.Offer.Context == note.Context)
                    && member.Value.FreePositions >= _contexts.Values.Sum(other => other.Tokens) + 1);
            }
        }

        private void Turn(bool answers)
        {
            _now += TimeSpan.FromMilliseconds(random.Next(1, 200));
            foreach (var (agent, report) in _members)
            {
                _planner.Report(agent, report, _now);
            }

            foreach (var note in _contexts.Values)
            {
                _planner.Note(note, "", _now);
            }

            foreach (var (agent, offer) in _planner.Plan(_now))
            {
                Check(agent, offer);
                _open[offer.Id] = (agent, offer);
            }

            Assert.InRange(_planner.OpenOffers, 0, 128);
            foreach (var (id, (agent, offer)) in _open.ToArray())
            {
                if (answers && random.Next(3) == 0)
                {
                    continue; // Late, perhaps for ever.
                }

                _open.Remove(id);
                var accepts = !answers || random.Next(3) > 0;
                if (_planner.Answer(agent, id, accepts, _now) && accepts)
                {
                    Carry(agent, offer);
                }
            }
        }

        private void Check(string agent, OfferMessage offer)
        {
            var note = _contexts[offer.Context];
            Assert.Equal(note.Epoch, offer.Epoch);
            Assert.True(MayHave(agent, note), $"{agent} is offered {note}");
            Assert.NotEqual(offer.IsStandby, note.Need != HandoffNeed.None && offer.Need != HandoffNeed.None);
        }

        private bool MayHave(string agent, ContextNote note) => _members[agent].Models.Contains(note.Model)
            && Labels.Satisfy(_members[agent].Labels, note.Policy.RequiredLabels)
            && (note.Need == HandoffNeed.Released || agent != note.Holder)
            && (_members[agent].FreePositions >= Math.Max(1, note.Tokens) || _members[agent].Follows.Any(follow => follow.Context == note.Context));

        private void Carry(string agent, OfferMessage offer)
        {
            var (report, note) = (_members[agent], _contexts[offer.Context]);
            if (offer.IsStandby)
            {
                _members[agent] = report with
                {
                    Follows = [.. report.Follows, new FollowedContext(offer.Context, note.Tokens, note.Tokens, 0)],
                    FreePositions = Math.Max(0, report.FreePositions - note.Tokens),
                };
            }
            else
            {
                _contexts[offer.Context] = note with { Epoch = note.Epoch + 1, Holder = agent, Need = HandoffNeed.None };
                _members[agent] = report with { Follows = [.. report.Follows.Where(follow => follow.Context != offer.Context)] };
            }
        }
    }
}
