using System.Buffers.Binary;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Bytes and rules of runs of tokens with their steps, as records and input pages hold them.</summary>
internal static class TokenRuns
{
    /// <summary>Most tokens of a run.</summary>
    public const int MaxTokens = 1 << 20;

    /// <summary>Checks a run.</summary>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    public static void Check(long firstPosition, ReadOnlySpan<int> tokens, ReadOnlySpan<int> steps)
    {
        if (tokens.Length is 0 or > MaxTokens)
        {
            throw new ArgumentException($"{tokens.Length} tokens; 1 to {MaxTokens} are allowed.", nameof(tokens));
        }

        CheckPositions(firstPosition, tokens.Length);
        long total = 0;
        foreach (var step in steps)
        {
            total = step >= 1
                ? total + step
                : throw new ArgumentException($"A step has {step} tokens; at least 1 is needed.", nameof(steps));
        }

        if (total != tokens.Length)
        {
            throw new ArgumentException(
                $"{steps.Length} steps have {total} tokens, the run has {tokens.Length}.", nameof(steps));
        }
    }

    /// <summary>Checks that a run of positions is one.</summary>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    public static void CheckPositions(long firstPosition, int count)
    {
        if (firstPosition < 0 || count < 1 || firstPosition > long.MaxValue - count)
        {
            throw new ArgumentException($"{count} positions from {firstPosition} on are no run.", nameof(count));
        }
    }

    /// <summary>Writes tokens as little-endian int32, and steps as a list.</summary>
    public static void Write(ref MetaWriter writer, ReadOnlySpan<int> tokens, ReadOnlySpan<int> steps)
    {
        const int Batch = 256;
        Span<byte> buffer = stackalloc byte[Batch * sizeof(int)];
        writer.BytesHeader(tokens.Length * sizeof(int));
        while (!tokens.IsEmpty)
        {
            var count = Math.Min(tokens.Length, Batch);
            for (var index = 0; index < count; index++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(buffer[(index * sizeof(int))..], tokens[index]);
            }

            writer.Raw(buffer[..(count * sizeof(int))]);
            tokens = tokens[count..];
        }

        writer.Array(steps.Length);
        foreach (var step in steps)
        {
            writer.Number(step);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static (int[] Tokens, int[] Steps) Read(ref MetaReader reader)
    {
        var bytes = reader.Bytes(MaxTokens * sizeof(int)).Span;
        if (bytes.Length % sizeof(int) != 0)
        {
            throw new CorruptObjectException($"{bytes.Length} bytes are no tokens of {sizeof(int)} bytes.");
        }

        var tokens = new int[bytes.Length / sizeof(int)];
        for (var index = 0; index < tokens.Length; index++)
        {
            tokens[index] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(index * sizeof(int))..]);
        }

        var steps = new int[reader.BeginList(tokens.Length)];
        for (var index = 0; index < steps.Length; index++)
        {
            steps[index] = reader.Int32();
        }

        return (tokens, steps);
    }
}
