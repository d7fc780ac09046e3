using DroneHandoff.Roles;
using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;

namespace DroneHandoff.Tests.Roles;

/// <summary>Wherever a predecessor's memory ends, its successor goes on with the very tokens that would have come.</summary>
public sealed class FlightFeederTests
{
    private const int Readings = 150;

    private readonly Flight _flight = new("p4_rtk.SRT", Recordings.Read("p4_rtk.SRT"));

    [Fact]
    public async Task FeedNextAsync_EveryReading_IsOneStepWithItsTracker()
    {
        var stepper = await FlyAsync();

        Assert.Equal(4, stepper.Steps[0].Length);
        Assert.All(stepper.Steps.Skip(1), step => Assert.Equal(6, step.Length));
        Assert.Equal(
            Enumerable.Range(1, Readings).Select(i => TokenVocabulary.TokensOf(i)),
            stepper.Trackers.Select(tracker => tracker!.Tokens));
    }

    [Fact]
    public async Task Resume_AnyDurableTokensAndAnyOlderTracker_GoesOnExactly()
    {
        var whole = await FlyAsync();
        int[] allTokens = [.. whole.Steps.SelectMany(step => step)];
        TrackerState[] trackers = [TrackerState.Initial, .. whole.Trackers.Select(tracker => tracker!)];
        for (var durable = 0; durable < 300; durable++)
        {
            foreach (var tracker in trackers.Where(tracker => tracker.Tokens <= durable))
            {
                var feeder = FlightFeeder.Resume(_flight, tracker, durable);
                var stepper = new RecordingStepper();
                await feeder.FeedNextAsync(stepper);
                await feeder.FeedNextAsync(stepper);

                var tokens = stepper.Steps.SelectMany(step => step).ToArray();
                Assert.Equal(allTokens[durable..(durable + tokens.Length)], tokens);
                Assert.Equal(trackers[(int)feeder.NextReading], stepper.Trackers[^1]);
            }
        }
    }

    [Fact]
    public async Task Resume_OnTheEndOfAReading_TakesTheSameSteps()
    {
        var whole = await FlyAsync();
        var tracker = whole.Trackers[70]!;
        var feeder = FlightFeeder.Resume(_flight, tracker, tracker.Tokens);
        var stepper = new RecordingStepper();

        for (var i = 0; i < 20; i++)
        {
            await feeder.FeedNextAsync(stepper);
        }

        Assert.Equal(whole.Steps.Skip(71).Take(20), stepper.Steps);
    }

    [Fact]
    public async Task Resume_TrackerAheadOfTheTokens_IsRefused()
    {
        var whole = await FlyAsync();

        var fault = Assert.Throws<InvalidDataException>(
            () => FlightFeeder.Resume(_flight, whole.Trackers[10]!, 20));

        Assert.Contains("only 20", fault.Message, StringComparison.Ordinal);
    }

    private async Task<RecordingStepper> FlyAsync()
    {
        var feeder = new FlightFeeder(_flight, new TelemetryTokenizer(TrackerState.Initial), 0);
        var stepper = new RecordingStepper();
        for (var i = 0; i < Readings; i++)
        {
            await feeder.FeedNextAsync(stepper);
        }

        return stepper;
    }
}
