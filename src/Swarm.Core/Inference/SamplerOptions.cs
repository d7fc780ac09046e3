using System.Buffers.Binary;

namespace Swarm;

/// <summary>How the next token is chosen. All of a sampler's state: what it draws depends on the seed and the position.</summary>
/// <param name="Temperature">0 takes the likeliest token; above, logits are divided by it. 0 to 100.</param>
/// <param name="TopK">Only the so many likeliest tokens; 0 for all.</param>
/// <param name="TopP">Only the likeliest tokens that together reach this probability, in (0, 1].</param>
/// <param name="Seed">Seed of the draws.</param>
public sealed record SamplerOptions(double Temperature = 0, int TopK = 0, double TopP = 1, ulong Seed = 0)
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 28;

    /// <summary>Greedy: the likeliest token, the lowest id of equals.</summary>
    public static SamplerOptions Greedy { get; } = new();

    /// <summary>Reads options from their encoded form.</summary>
    /// <param name="source">Exactly <see cref="SizeBytes"/> bytes.</param>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentException"><paramref name="source"/> has another length.</exception>
    public static SamplerOptions Decode(ReadOnlySpan<byte> source) => source.Length == SizeBytes
        ? new SamplerOptions(
            BinaryPrimitives.ReadDoubleLittleEndian(source),
            BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadDoubleLittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[20..]))
        : throw new ArgumentException($"Sampler options are {SizeBytes} bytes, got {source.Length}.", nameof(source));

    /// <summary>The encoded form: temperature, top-k, top-p and seed, little-endian.</summary>
    /// <returns><see cref="SizeBytes"/> bytes.</returns>
    public byte[] Encode()
    {
        var bytes = new byte[SizeBytes];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, Temperature);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), TopK);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(12), TopP);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(20), Seed);
        return bytes;
    }
}
