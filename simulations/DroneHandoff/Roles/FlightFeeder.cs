using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;

namespace DroneHandoff.Roles;

/// <summary>Feeds a flight's readings to a model, one step of the model for each.</summary>
/// <param name="flight">The flight.</param>
/// <param name="tokenizer">Where the tokens go on.</param>
/// <param name="nextReading">Which reading comes next.</param>
internal sealed class FlightFeeder(IFlight flight, TelemetryTokenizer tokenizer, long nextReading)
{
    private int[] _leftOver = [];

    /// <summary>The reading that comes next; so many were fed, by this agent and by those before.</summary>
    public long NextReading { get; private set; } = nextReading;

    /// <summary>Goes on behind a predecessor, from what survived of it: its tracker's state and its tokens.</summary>
    /// <param name="flight">The flight.</param>
    /// <param name="tracker">The latest durable state of the tracker.</param>
    /// <param name="tokens">Durable tokens: as many as the state says, or more.</param>
    /// <returns>A feeder for what comes behind the tokens.</returns>
    /// <remarks>
    /// Readings decide their tokens, so where tokens are durable that the state has not seen, they are encoded again,
    /// not guessed. Where they end within a reading, the reading's other tokens come with the next step.
    /// </remarks>
    /// <exception cref="InvalidDataException">The state has seen more than is durable.</exception>
    public static FlightFeeder Resume(IFlight flight, TrackerState tracker, long tokens)
    {
        if (tracker.Tokens > tokens)
        {
            throw new InvalidDataException(
                $"The tracker's state has seen {tracker.Tokens} tokens, but only {tokens} are there.");
        }

        var feeder = new FlightFeeder(flight, new TelemetryTokenizer(tracker), tracker.Readings);
        var known = tracker.Tokens;
        while (known < tokens)
        {
            var reading = feeder.EncodeNext();
            known += reading.Length;
            feeder._leftOver = known > tokens ? reading[^(int)(known - tokens)..] : [];
        }

        return feeder;
    }

    /// <summary>Feeds the next reading.</summary>
    /// <param name="stepper">The model.</param>
    /// <returns>The tokens of the step.</returns>
    public async ValueTask<int[]> FeedNextAsync(IStepper stepper)
    {
        await flight.WaitForAsync(NextReading);
        int[] tokens = [.. _leftOver, .. EncodeNext()];
        _leftOver = [];
        await stepper.StepAsync(tokens, tokenizer.State);
        return tokens;
    }

    private int[] EncodeNext()
    {
        Span<int> buffer = stackalloc int[TokenVocabulary.ReadingTokens];
        var count = tokenizer.Encode(flight.ReadingAt(NextReading), buffer);
        NextReading++;
        return buffer[..count].ToArray();
    }
}
