namespace DroneHandoff.Tokens;

/// <summary>What one reading's tokens say, as numbers of steps.</summary>
/// <param name="Fix">What the reading knows of its position.</param>
/// <param name="East">Steps to the east since the last fix.</param>
/// <param name="North">Steps to the north since the last fix.</param>
/// <param name="Height">Steps upwards since the last height, if it has one.</param>
/// <param name="Speed">Steps of speed over ground, if it has one.</param>
/// <param name="Time">Steps since the last reading.</param>
public readonly record struct ReadingStep(FixKind Fix, int East, int North, int? Height, int? Speed, int Time)
{
    // Seconds over which the estimate of a speed forgets.
    private const double SmoothingSeconds = 1;

    /// <summary>Sums the step up: the one place where a tracker moves, for encoding and decoding alike.</summary>
    /// <param name="state">The state before.</param>
    /// <returns>The state after; origins and the count of cut values are the encoder's to set.</returns>
    internal TrackerState ApplyTo(TrackerState state)
    {
        var seconds = Time * TokenVocabulary.TimePerStep.TotalSeconds;
        var metres = Math.Sqrt(((double)East * East) + ((double)North * North)) * TokenVocabulary.MetresPerStep;
        var speed = Fix == FixKind.Known && Time > 0
            ? state.SpeedEstimate
                + (((metres / seconds) - state.SpeedEstimate) * (seconds / (SmoothingSeconds + seconds)))
            : state.SpeedEstimate;
        return state with
        {
            Readings = state.Readings + 1,
            East = state.East + East,
            North = state.North + North,
            Height = state.Height + (Height ?? 0),
            Time = state.Time + Time,
            SpeedEstimate = speed,
        };
    }
}
