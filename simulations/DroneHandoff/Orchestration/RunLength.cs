using DroneHandoff.Options;
using DroneHandoff.Roles;
using DroneHandoff.Tokens;

namespace DroneHandoff.Orchestration;

/// <summary>How many positions a run takes of a model.</summary>
internal static class RunLength
{
    /// <summary>Readings that a crash may come late.</summary>
    public const int MaxCrashDelayReadings = 64;

    // For what a drone streams until the signal that kills it arrives, where the model has the room.
    private const int SparePositions = 4096;

    /// <summary>Readings after which drone A leaves: it ends the one that reaches the number of positions.</summary>
    /// <param name="positions">The option's value.</param>
    /// <returns>Whole readings.</returns>
    public static long TargetReadings(int positions) => TokenVocabulary.ReadingsIn(positions - 1) + 1;

    /// <summary>Positions without which a run cannot end.</summary>
    /// <param name="positions">The option's value.</param>
    /// <param name="handoff">How drone A leaves.</param>
    /// <returns>The longest sequence of any role.</returns>
    public static int Needed(int positions, HandoffKind handoff)
    {
        var readings = TargetReadings(positions) + (handoff == HandoffKind.Crash ? MaxCrashDelayReadings : 0);
        return Math.Max(
            (int)TokenVocabulary.TokensOf(readings) + Continuation.MaxPositions, GroundWarmUp.Positions);
    }

    /// <summary>Positions that a role asks for, where its model has as many.</summary>
    /// <param name="positions">The option's value.</param>
    /// <param name="handoff">How drone A leaves.</param>
    /// <returns>What is needed, and some to spare.</returns>
    public static int Wanted(int positions, HandoffKind handoff) => Needed(positions, handoff) + SparePositions;

    /// <summary>The largest value of the option that a model can take.</summary>
    /// <param name="modelPositions">The model's longest sequence.</param>
    /// <param name="handoff">How drone A leaves.</param>
    /// <returns>The value, or <see langword="null"/> where not even the smallest one fits.</returns>
    public static int? MostPositions(int modelPositions, HandoffKind handoff)
    {
        var positions = Math.Min(modelPositions, DemoOptions.MaxPositions);
        while (positions >= DemoOptions.MinPositions && Needed(positions, handoff) > modelPositions)
        {
            positions--;
        }

        return positions >= DemoOptions.MinPositions ? positions : null;
    }
}
