using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Swarm.Testing.Models;

namespace Swarm.EndToEnd.Agent;

/// <summary>What every agent feeds: a function of context, epoch and position, so that no two sessions feed the same.</summary>
internal static class Script
{
    /// <summary>Longest context: an agent rewinds before.</summary>
    public const int MaxPositions = 2048;

    private const int Vocabulary = 251;

    /// <summary>A fresh runtime of the one model that all use.</summary>
    /// <param name="step">How long each step takes at least.</param>
    public static ToyRuntime NewRuntime(TimeSpan step = default) =>
        new(maxPositions: MaxPositions, vocabularySize: Vocabulary, name: "chaos") { StepTime = step };

    /// <summary>Positions of each step of a context: 1 to 4.</summary>
    public static int StepOf(string context) =>
        1 + (int.Parse(context.AsSpan(context.LastIndexOf('-') + 1), CultureInfo.InvariantCulture) % 4);

    /// <summary>The tokens of a step.</summary>
    public static int[] Tokens(string context, ulong epoch, long position)
    {
        var tokens = new int[StepOf(context)];
        var seed = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(context.AsSpan()));
        for (var index = 0; index < tokens.Length; index++)
        {
            Span<ulong> key = [seed, epoch, (ulong)(position + index)];
            tokens[index] = (int)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key)) % Vocabulary);
        }

        return tokens;
    }

    /// <summary>Digest of logits.</summary>
    public static ulong Digest(ReadOnlySpan<float> logits) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(logits));
}
