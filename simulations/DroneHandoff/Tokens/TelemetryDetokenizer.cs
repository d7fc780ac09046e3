namespace DroneHandoff.Tokens;

/// <summary>Turns tokens back into what they say: quantized values, relative to the context's first fix.</summary>
/// <param name="state">Where to go on: the state of the tokenizer before the first token to come.</param>
public sealed class TelemetryDetokenizer(TrackerState state)
{
    /// <summary>The sums of everything read so far. Origins stay those that it started with.</summary>
    public TrackerState State { get; private set; } = state;

    /// <summary>Decodes the next reading.</summary>
    /// <param name="tokens">Its tokens: 4 for the first reading of a context, else 6.</param>
    /// <returns>What it says, or <see langword="null"/> when the tokens are not a reading; nothing changes then.</returns>
    public QuantizedReading? Decode(ReadOnlySpan<int> tokens)
    {
        var isFirst = State.Readings == 0;
        if (isFirst != (tokens.Length == TokenVocabulary.FirstReadingTokens)
            || !ReadingTokens.TryRead(tokens, out var step))
        {
            return null;
        }

        State = step.ApplyTo(State);
        var hasFix = step.Fix != FixKind.None;
        return new QuantizedReading(
            State.Time * TokenVocabulary.TimePerStep,
            hasFix ? State.East * TokenVocabulary.MetresPerStep : null,
            hasFix ? State.North * TokenVocabulary.MetresPerStep : null,
            step.Height is null ? null : State.Height * TokenVocabulary.MetresPerStep,
            step.Speed * TokenVocabulary.SpeedPerStep);
    }
}
