using DroneHandoff.Telemetry;

namespace DroneHandoff.Tokens;

/// <summary>Turns readings into tokens: a few quantized changes each. TOKENIZER.md gives the formulas.</summary>
/// <param name="state">Where to go on: <see cref="TrackerState.Initial"/>, or what a predecessor left.</param>
/// <remarks>
/// The same state and reading give the same tokens, on every machine. Not thread-safe.
/// </remarks>
public sealed class TelemetryTokenizer(TrackerState state)
{
    /// <summary>What the tokenizer remembers.</summary>
    public TrackerState State { get; private set; } = state;

    /// <summary>Encodes the next reading.</summary>
    /// <param name="reading">The reading; not earlier than the last one.</param>
    /// <param name="destination">Room for <see cref="TokenVocabulary.ReadingTokens"/> tokens.</param>
    /// <returns>Tokens written: 4 for a context's first reading, else 6.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public int Encode(in TelemetryReading reading, Span<int> destination)
    {
        var needed = State.Readings == 0 ? TokenVocabulary.FirstReadingTokens : TokenVocabulary.ReadingTokens;
        if (destination.Length < needed)
        {
            throw new ArgumentException(
                $"A reading needs room for {needed} tokens, got {destination.Length}.", nameof(destination));
        }

        var origin = State with
        {
            TimeOrigin = State.Readings == 0 ? reading.Elapsed : State.TimeOrigin,
            Origin = State.Origin ?? reading.Position,
            HeightOrigin = State.HeightOrigin ?? reading.HeightMetres,
        };
        var saturated = 0L;
        var step = Quantize(State, origin, reading, ref saturated);
        var next = step.ApplyTo(origin);
        if ((reading.HorizontalSpeed ?? (reading.Position is null ? null : next.SpeedEstimate)) is { } speed)
        {
            step = step with
            {
                Speed = Cut(speed / TokenVocabulary.SpeedPerStep, 0, TokenVocabulary.SpeedCount - 1, ref saturated),
            };
        }

        State = next with { Saturated = State.Saturated + saturated };
        return ReadingTokens.Write(step, isFirst: needed == TokenVocabulary.FirstReadingTokens, destination);
    }

    // Everything but the speed, which depends on the others.
    private static ReadingStep Quantize(
        TrackerState before, TrackerState origin, in TelemetryReading reading, ref long saturated)
    {
        int? height = null;
        if (reading.HeightMetres is { } metres && origin.HeightOrigin is { } heightOrigin)
        {
            height = Delta((metres - heightOrigin) / TokenVocabulary.MetresPerStep, before.Height, ref saturated);
        }

        var timeSteps = (reading.Elapsed - origin.TimeOrigin) / TokenVocabulary.TimePerStep;
        var time = Cut(Math.Round(timeSteps) - before.Time, 0, TokenVocabulary.TimeCount - 1, ref saturated);
        if (reading.Position is not { } position)
        {
            return new ReadingStep(FixKind.None, 0, 0, height, null, time);
        }

        if (before.Origin is not { } start)
        {
            return new ReadingStep(FixKind.First, 0, 0, height, null, time);
        }

        var (east, north) = new LocalPlane(start).Project(position);
        return new ReadingStep(
            FixKind.Known,
            Delta(east / TokenVocabulary.MetresPerStep, before.East, ref saturated),
            Delta(north / TokenVocabulary.MetresPerStep, before.North, ref saturated),
            height,
            null,
            time);
    }

    // Against the sum of what was said, not against the last reading: so errors do not add up.
    private static int Delta(double target, long said, ref long saturated) =>
        Cut(Math.Round(target) - said, -TokenVocabulary.MaxDelta, TokenVocabulary.MaxDelta, ref saturated);

    private static int Cut(double steps, int min, int max, ref long saturated)
    {
        var rounded = Math.Round(steps);
        if (rounded < min || rounded > max)
        {
            saturated++;
        }

        return (int)Math.Clamp(rounded, min, max);
    }
}
