using DroneHandoff.Telemetry.Mavlink;
using Swarm.Testing;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>What numbers of 8 bits tell of packets that are lost, repeated, late, or of a sender that was started again.</summary>
public sealed class SequenceTrackerTests
{
    private readonly SequenceTracker _tracker = new();

    [Fact]
    public void Observe_GapsOverTheEndOfTheNumbers_CountsWhatIsLost()
    {
        foreach (var number in new byte[] { 250, 251, 254, 255, 2, 194 })
        {
            Assert.Equal(SequenceOutcome.New, Observe(number));
        }

        Assert.Equal(2 + 2 + 191, _tracker.Lost);
    }

    [Fact]
    public void Observe_LatePacket_IsNoLongerLost()
    {
        Observe(10);
        Observe(13);

        Assert.Equal(SequenceOutcome.Late, Observe(11));
        Assert.Equal(1, _tracker.Lost);
        Assert.Equal(SequenceOutcome.Repeated, Observe(11));
        Assert.Equal(SequenceOutcome.Repeated, Observe(13));
        Assert.Equal(SequenceOutcome.Repeated, Observe(10));
        Assert.Equal(1, _tracker.Lost);
    }

    [Fact]
    public void Observe_SameNumberOfAnotherPacket_IsASenderThatBeganAnew()
    {
        Observe(100);

        Assert.Equal(SequenceOutcome.Restarted, _tracker.Observe(100, 1));
        Assert.Equal(SequenceOutcome.New, Observe(101));
        Assert.Equal(0, _tracker.Lost);
    }

    // Nothing proves such a number: a wrong one must cost nothing but its own count.
    [Fact]
    public void ObserveUnverified_AnyNumber_FillsItsGapAndMovesNothing()
    {
        Observe(10);
        Assert.Equal(SequenceOutcome.New, _tracker.ObserveUnverified(11, 7));
        Assert.Equal(SequenceOutcome.Repeated, _tracker.ObserveUnverified(11, 7));
        Assert.Equal(SequenceOutcome.New, _tracker.ObserveUnverified(200, 8));
        Assert.Equal(SequenceOutcome.New, _tracker.ObserveUnverified(10, 9));

        Assert.Equal(SequenceOutcome.New, Observe(13));
        Assert.Equal(1, _tracker.Lost);
        Assert.Equal(SequenceOutcome.Late, _tracker.ObserveUnverified(12, 7));
        Assert.Equal(0, _tracker.Lost);
    }

    // Against a model that knows the numbers in full.
    [Fact]
    public void Observe_SeededDisorder_CountsAsOneWhoSeesTheWholeNumbers()
    {
        var random = new SeededTest().Random;
        var seen = new HashSet<int>();
        var (newest, lost) = (-1, 0);
        for (var next = 0; next < 20_000;)
        {
            var number = random.Next(10) > 0 || next == 0 ? next : Math.Max(0, next - random.Next(1, 40));
            if (number == next)
            {
                next += random.Next(20) == 0 ? random.Next(2, 150) : 1;
            }

            var expected = number > newest ? SequenceOutcome.New : seen.Contains(number) ? SequenceOutcome.Repeated : SequenceOutcome.Late;
            lost += expected switch
            {
                SequenceOutcome.New => number - Math.Max(newest, -1) - 1,
                SequenceOutcome.Late => -1,
                _ => 0,
            };
            newest = Math.Max(newest, number);
            seen.Add(number);

            Assert.Equal(expected, _tracker.Observe((byte)number, (ushort)(number * 31)));
            Assert.Equal(lost, _tracker.Lost);
        }
    }

    private SequenceOutcome Observe(byte number) => _tracker.Observe(number, number);
}
