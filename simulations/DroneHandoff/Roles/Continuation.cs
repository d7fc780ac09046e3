using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DroneHandoff.Messages;
using DroneHandoff.Tokens;

namespace DroneHandoff.Roles;

/// <summary>
/// The comparison: the next reading is fed, then tokens are generated greedily, each fed as a step of its own; all logits
/// are hashed.
/// </summary>
internal static class Continuation
{
    /// <summary>Logits that are compared: behind the reading, and behind each generated token but the last.</summary>
    public const int TokenCount = 64;

    /// <summary>Most positions that it adds: the rest of a reading that was cut, the next one, and the tokens but the last.</summary>
    public const int MaxPositions = (2 * TokenVocabulary.ReadingTokens) - 1 + TokenCount - 1;

    /// <summary>Runs the comparison.</summary>
    /// <param name="feeder">Gives the next reading.</param>
    /// <param name="stepper">The model.</param>
    /// <param name="clock">A running clock.</param>
    /// <returns>What was computed, and the clock's time when the first logits were there.</returns>
    public static async Task<(ContinuedEvent Result, TimeSpan FirstToken)> RunAsync(
        FlightFeeder feeder, IStepper stepper, Stopwatch clock)
    {
        var positions = stepper.Length;
        await feeder.FeedNextAsync(stepper);
        var firstToken = clock.Elapsed;

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var tokens = new int[TokenCount];
        for (var index = 0; index < TokenCount; index++)
        {
            if (index > 0)
            {
                await stepper.StepAsync(new[] { tokens[index - 1] }, null);
            }

            hash.AppendData(MemoryMarshal.AsBytes(stepper.Logits.Span));
            tokens[index] = IndexOfMax(stepper.Logits.Span);
        }

        return (
            new ContinuedEvent(positions, tokens, Convert.ToHexStringLower(hash.GetHashAndReset())), firstToken);
    }

    // The first of several equal ones.
    private static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var index = 1; index < logits.Length; index++)
        {
            if (logits[index] > logits[best])
            {
                best = index;
            }
        }

        return best;
    }
}
