using Swarm.Grains.Abstractions;
using Swarm.Grains.Tests.Support;
using Xunit;

namespace Swarm.Grains.Tests.Contexts;

/// <summary>Who may have a context, decided from one snapshot.</summary>
public sealed class AcquireDecisionTests
{
    private static DateTimeOffset Now => new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", "", AcquireMode.IfFree, 0, true)]
    [InlineData("", "b", AcquireMode.IfFree, 0, true)]
    [InlineData("", "c", AcquireMode.IfFree, 0, false)]
    [InlineData("", "c", AcquireMode.IfFree, 3600, false)]
    [InlineData("", "c", AcquireMode.IfHolderTimedOut, 1, false)]
    [InlineData("", "c", AcquireMode.IfHolderTimedOut, 2, true)]
    [InlineData("", "c", AcquireMode.Force, 0, true)]
    [InlineData("a", "", AcquireMode.IfFree, 3600, false)]
    [InlineData("a", "", AcquireMode.IfHolderTimedOut, 1.9, false)]
    [InlineData("a", "", AcquireMode.IfHolderTimedOut, 2, true)]
    [InlineData("a", "", AcquireMode.Force, 0, true)]
    [InlineData("b", "", AcquireMode.IfFree, 3600, false)]
    [InlineData("b", "", AcquireMode.IfHolderTimedOut, 1, false)]
    public void Decide_AgentBAsksForSilenceOf2Seconds_FollowsTheRules(
        string holder, string reservedFor, AcquireMode mode, double silentSeconds, bool isGranted)
    {
        var status = Status(holder, reservedFor, silentSeconds);

        var refusal = AcquireDecision.Decide(status, Requests.Acquire("c", "b", mode: mode, silenceSeconds: 2), Now);

        Assert.Equal(isGranted, refusal is null);
        Assert.Equal(isGranted ? RefusalCode.None : RefusalCode.Owned, refusal?.Code ?? RefusalCode.None);
        if (refusal is not null)
        {
            var wait = mode == AcquireMode.IfHolderTimedOut ? 2 - silentSeconds : 0;
            Assert.Equal(wait, refusal.RetryAfter.TotalSeconds, 1e-6);
        }
    }

    [Fact]
    public void Decide_Owned_NamesHolderSilenceAndRemedy()
    {
        var refusal = AcquireDecision.Decide(Status("a", "", 1.5), Requests.Acquire("track", "b"), Now);

        Assert.NotNull(refusal);
        Assert.Equal("a", refusal.Holder);
        Assert.Equal(new Epoch(7), refusal.CurrentEpoch);
        Assert.Equal(
            "Agent 'a' holds context 'track'; this silo has heard nothing of it for 1.5 s; wait for its release, or take over when it has timed out (TakeOver.IfHolderTimedOut).",
            refusal.Message);
    }

    [Fact]
    public void Decide_OwnedByTheAgentItself_NamesTheCallThatGoesOn()
    {
        var refusal = AcquireDecision.Decide(Status("a", "", 1.5), Requests.Acquire("track", "a"), Now);

        Assert.Equal(
            "An earlier session of this agent, 'a', holds context 'track'; this silo has heard nothing of it for 1.5 s; if its process is gone, OpenOrTakeOverAsync "
            + "goes on at once and fences it; if it lives, give this process another agent name.",
            refusal?.Message);
    }

    [Theory]
    [InlineData("a", "", true)]
    [InlineData("b", "", false)]
    [InlineData("", "", true)]
    [InlineData("", "b", false)]
    public void Decide_MayTakeItsOwn_IsGrantedAtOnceAndOthersAsBefore(string holder, string reservedFor, bool isGranted)
    {
        foreach (var mode in (AcquireMode[])[AcquireMode.IfFree, AcquireMode.IfHolderTimedOut])
        {
            var request = Requests.Acquire("track", "a", mode: mode, silenceSeconds: 2) with { TakesOwn = true };

            Assert.Equal(isGranted, AcquireDecision.Decide(Status(holder, reservedFor, 0), request, Now) is null);
        }
    }

    [Fact]
    public void Decide_OtherModel_NamesBothFingerprintsWhateverTheMode()
    {
        var other = TestModels.Tiny("other weights");

        var refusal = AcquireDecision.Decide(
            Status("", "", 0), Requests.Acquire("c", "b", mode: AcquireMode.Force, model: other), Now);

        Assert.NotNull(refusal);
        Assert.Equal(RefusalCode.WrongModel, refusal.Code);
        Assert.Contains(TestModels.Tiny().ComputeFingerprint().ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Contains(other.ComputeFingerprint().ToString(), refusal.Message, StringComparison.Ordinal);
    }

    private static ContextStatus Status(string holder, string reservedFor, double silentSeconds) => new(
        new Epoch(7),
        holder,
        reservedFor,
        new Watermarks(0, 0),
        TestModels.Tiny().ComputeFingerprint(),
        Requests.BlockTokens,
        Now - TimeSpan.FromSeconds(silentSeconds));
}
