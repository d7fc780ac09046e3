using System.Diagnostics;
using DroneHandoff.Messages;
using DroneHandoff.Roles;
using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;

namespace DroneHandoff.Tests.Roles;

/// <summary>The comparison sees 64 logits, each after a step of its own, and one wrong token before shows.</summary>
public sealed class ContinuationTests
{
    private readonly Flight _flight = new("p4_rtk.SRT", Recordings.Read("p4_rtk.SRT"));

    [Fact]
    public async Task RunAsync_AfterSomeReadings_FeedsOneReadingThenItsOwnTokens()
    {
        var (result, stepper) = await RunAsync(10);

        Assert.Equal(TokenVocabulary.TokensOf(10), result.Positions);
        Assert.Equal(64, result.Tokens.Length);
        Assert.Equal(10 + 1 + 63, stepper.Steps.Count);
        Assert.Equal(result.Tokens.SkipLast(1).Select(token => new[] { token }), stepper.Steps.Skip(11));
        Assert.Equal(64, result.LogitsSha256.Length);
    }

    [Fact]
    public async Task RunAsync_SamePlace_GivesTheSameHash() =>
        Assert.Equal((await RunAsync(10)).Result.LogitsSha256, (await RunAsync(10)).Result.LogitsSha256);

    [Fact]
    public async Task RunAsync_OtherMemory_GivesAnotherHash()
    {
        var (result, _) = await RunAsync(10);
        var (other, _) = await RunAsync(10, disturb: true);

        Assert.NotEqual(result.LogitsSha256, other.LogitsSha256);
    }

    private async Task<(ContinuedEvent Result, RecordingStepper Stepper)> RunAsync(int readings, bool disturb = false)
    {
        var feeder = new FlightFeeder(_flight, new TelemetryTokenizer(TrackerState.Initial), 0);
        var stepper = new RecordingStepper();
        for (var i = 0; i < readings; i++)
        {
            await feeder.FeedNextAsync(stepper);
        }

        if (disturb)
        {
            int[] more = [5];
            await stepper.StepAsync(more, null);
        }

        var (result, _) = await Continuation.RunAsync(feeder, stepper, Stopwatch.StartNew());
        return (result, stepper);
    }
}
