using static DroneHandoff.Tokens.TokenVocabulary;

namespace DroneHandoff.Tokens;

/// <summary>The token ids of one reading: how a <see cref="ReadingStep"/> is written and read.</summary>
public static class ReadingTokens
{
    /// <summary>Writes the tokens of a reading.</summary>
    /// <param name="step">The reading, each value within its range.</param>
    /// <param name="isFirst">Whether it is the first of its context.</param>
    /// <param name="destination">Room for the tokens.</param>
    /// <returns>Tokens written, 4 or 6.</returns>
    public static int Write(in ReadingStep step, bool isFirst, Span<int> destination)
    {
        var count = 0;
        if (isFirst)
        {
            destination[count++] = step.Fix == FixKind.None ? StartWithoutFix : Start;
        }
        else
        {
            var special = step.Fix == FixKind.None ? NoFix : FixAcquired;
            destination[count++] = Reading;
            destination[count++] = step.Fix == FixKind.Known ? East + MaxDelta + step.East : special;
            destination[count++] = step.Fix == FixKind.Known ? North + MaxDelta + step.North : special;
        }

        destination[count++] = step.Height is { } height ? Height + MaxDelta + height : NoHeight;
        destination[count++] = step.Speed is { } speed ? Speed + speed : NoSpeed;
        destination[count++] = Time + step.Time;
        return count;
    }

    /// <summary>Reads the tokens of a reading.</summary>
    /// <param name="tokens">4 tokens for the first reading of a context, else 6.</param>
    /// <param name="step">The reading.</param>
    /// <returns>Whether the tokens are a reading: a model may say what no drone does.</returns>
    public static bool TryRead(ReadOnlySpan<int> tokens, out ReadingStep step)
    {
        step = default;
        var isFirst = tokens.Length == FirstReadingTokens && tokens[0] is Start or StartWithoutFix;
        if (!isFirst && (tokens.Length != TokenVocabulary.ReadingTokens || tokens[0] != Reading))
        {
            return false;
        }

        var fix = FixKind.First;
        var (east, north) = (0, 0);
        if (isFirst)
        {
            fix = tokens[0] == Start ? FixKind.First : FixKind.None;
        }
        else if (TryReadValue(tokens[1], East, DeltaCount, out east)
            && TryReadValue(tokens[2], North, DeltaCount, out north))
        {
            fix = FixKind.Known;
            (east, north) = (east - MaxDelta, north - MaxDelta);
        }
        else if (tokens[1] == tokens[2] && tokens[1] is NoFix or FixAcquired)
        {
            fix = tokens[1] == NoFix ? FixKind.None : FixKind.First;
        }
        else
        {
            return false;
        }

        if ((!TryReadValue(tokens[^3], Height, DeltaCount, out var height) && tokens[^3] != NoHeight)
            || (!TryReadValue(tokens[^2], Speed, SpeedCount, out var speed) && tokens[^2] != NoSpeed)
            || !TryReadValue(tokens[^1], Time, TimeCount, out var time))
        {
            return false;
        }

        step = new ReadingStep(
            fix,
            east,
            north,
            tokens[^3] == NoHeight ? null : height - MaxDelta,
            tokens[^2] == NoSpeed ? null : speed,
            time);
        return true;
    }

    private static bool TryReadValue(int token, int first, int count, out int value)
    {
        value = token - first;
        if (value >= 0 && value < count)
        {
            return true;
        }

        value = 0;
        return false;
    }
}
