namespace DroneHandoff.Tokens;

/// <summary>Which token ids mean what. TOKENIZER.md has the same as a table.</summary>
/// <remarks>Part of the model's fingerprint by way of <see cref="Name"/>: change both together.</remarks>
public static class TokenVocabulary
{
    /// <summary>Name of this vocabulary and its quantization.</summary>
    public const string Name = "drone-telemetry-v1";

    /// <summary>Token ids are 0 to this less 1; fits a model's vocabulary of 1,024.</summary>
    public const int Size = Time + TimeCount;

    /// <summary>Starts a context whose first reading has a fix: that position becomes the origin.</summary>
    public const int Start = 0;

    /// <summary>Starts a context whose first reading has no fix.</summary>
    public const int StartWithoutFix = 1;

    /// <summary>Starts every reading but the first.</summary>
    public const int Reading = 2;

    /// <summary>In place of both displacements: the drone has no fix.</summary>
    public const int NoFix = 3;

    /// <summary>In place of both displacements: the first fix of the context; that position becomes the origin.</summary>
    public const int FixAcquired = 4;

    /// <summary>In place of the height's change: no height is recorded.</summary>
    public const int NoHeight = 5;

    /// <summary>In place of the speed: it is neither recorded nor to be estimated.</summary>
    public const int NoSpeed = 6;

    /// <summary>Largest displacement or change of height of one reading, in steps; what is more comes with the next.</summary>
    public const int MaxDelta = 127;

    /// <summary>Values of a displacement: -<see cref="MaxDelta"/> to <see cref="MaxDelta"/>.</summary>
    public const int DeltaCount = (2 * MaxDelta) + 1;

    /// <summary>First id of displacements to the east; 7 to 15 are free.</summary>
    public const int East = 16;

    /// <summary>First id of displacements to the north.</summary>
    public const int North = East + DeltaCount;

    /// <summary>First id of changes of height.</summary>
    public const int Height = North + DeltaCount;

    /// <summary>First id of speeds over ground.</summary>
    public const int Speed = Height + DeltaCount;

    /// <summary>Values of a speed.</summary>
    public const int SpeedCount = 120;

    /// <summary>First id of the time since the reading before.</summary>
    public const int Time = Speed + SpeedCount;

    /// <summary>Values of a time.</summary>
    public const int TimeCount = 110;

    /// <summary>Tokens of a context's first reading: start, height, speed, time.</summary>
    public const int FirstReadingTokens = 4;

    /// <summary>Tokens of every other reading: reading, east, north, height, speed, time.</summary>
    public const int ReadingTokens = 6;

    /// <summary>A step of displacement and height, in metres.</summary>
    public const double MetresPerStep = 0.1;

    /// <summary>A step of speed, in m/s.</summary>
    public const double SpeedPerStep = 0.25;

    /// <summary>A step of time.</summary>
    public static readonly TimeSpan TimePerStep = TimeSpan.FromMilliseconds(10);

    /// <summary>Tokens of the first readings of a context.</summary>
    /// <param name="readings">How many readings.</param>
    /// <returns>How many tokens.</returns>
    public static long TokensOf(long readings)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(readings);
        return readings == 0 ? 0 : FirstReadingTokens + ((readings - 1) * ReadingTokens);
    }

    /// <summary>Whole readings in the first tokens of a context.</summary>
    /// <param name="tokens">How many tokens.</param>
    /// <returns>How many readings they hold whole.</returns>
    public static long ReadingsIn(long tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        return tokens < FirstReadingTokens ? 0 : 1 + ((tokens - FirstReadingTokens) / ReadingTokens);
    }
}
