using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Swarm.Core.Identity;

/// <summary>A 32-byte digest held as four words, so that it lives on the stack and compares fast.</summary>
/// <remarks>Words are big-endian: the ordinal order of the hex text is the order of the bytes.</remarks>
public readonly struct Digest256 : IEquatable<Digest256>, IComparable<Digest256>
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 32;

    private readonly ulong _word0, _word1, _word2, _word3;

    /// <summary>Reads a digest from its encoded form.</summary>
    /// <param name="source">Exactly <see cref="SizeBytes"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> has another length.</exception>
    public Digest256(ReadOnlySpan<byte> source)
    {
        if (source.Length != SizeBytes)
        {
            ThrowWrongLength(source.Length, nameof(source));
        }

        _word0 = BinaryPrimitives.ReadUInt64BigEndian(source);
        _word1 = BinaryPrimitives.ReadUInt64BigEndian(source[8..]);
        _word2 = BinaryPrimitives.ReadUInt64BigEndian(source[16..]);
        _word3 = BinaryPrimitives.ReadUInt64BigEndian(source[24..]);
    }

    /// <summary>Whether all bytes are zero: the unset value.</summary>
    public bool IsDefault => (_word0 | _word1 | _word2 | _word3) == 0;

    /// <summary>The first 16 bytes as a big-endian number.</summary>
    public UInt128 Prefix => new(_word0, _word1);

    /// <summary>SHA-256 of some bytes.</summary>
    /// <param name="content">The bytes to hash.</param>
    /// <returns>Their digest.</returns>
    public static Digest256 Sha256(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[SizeBytes];
        SHA256.HashData(content, digest);
        return new Digest256(digest);
    }

    /// <summary>Reads 64 hexadecimal digits.</summary>
    /// <param name="text">The digits, either case.</param>
    /// <returns>The digest.</returns>
    /// <exception cref="FormatException"><paramref name="text"/> is not 64 hexadecimal digits.</exception>
    public static Digest256 Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = Convert.FromHexString(text);
        return bytes.Length == SizeBytes
            ? new Digest256(bytes)
            : throw new FormatException($"A digest has {SizeBytes * 2} hexadecimal digits, got {text.Length}.");
    }

    /// <summary>Writes the encoded form. Does not allocate.</summary>
    /// <param name="destination">At least <see cref="SizeBytes"/> bytes; the rest is left untouched.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="destination"/> is too short.</exception>
    public void CopyTo(Span<byte> destination)
    {
        destination = destination[..SizeBytes]; // Throws before the first write.
        BinaryPrimitives.WriteUInt64BigEndian(destination, _word0);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _word1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _word2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _word3);
    }

    /// <summary>The encoded form as a new array of <see cref="SizeBytes"/> bytes.</summary>
    /// <returns>A copy that the caller owns.</returns>
    public byte[] ToArray()
    {
        var bytes = new byte[SizeBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Compares in time that does not depend on the content: for secrets' hashes.</summary>
    /// <param name="other">The digest to compare with.</param>
    /// <returns>Whether both are equal.</returns>
    public bool FixedTimeEquals(Digest256 other) =>
        ((_word0 ^ other._word0) | (_word1 ^ other._word1) | (_word2 ^ other._word2) | (_word3 ^ other._word3)) == 0;

    /// <inheritdoc/>
    public bool Equals(Digest256 other) =>
        _word0 == other._word0 && _word1 == other._word1 && _word2 == other._word2 && _word3 == other._word3;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest256 other && Equals(other);

    // The words are already uniform, so one of them is a good bucket index.
    /// <inheritdoc/>
    public override int GetHashCode() => _word0.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(Digest256 other)
    {
        var order = _word0.CompareTo(other._word0);
        order = order != 0 ? order : _word1.CompareTo(other._word1);
        order = order != 0 ? order : _word2.CompareTo(other._word2);
        return order != 0 ? order : _word3.CompareTo(other._word3);
    }

    /// <summary>Compares by value.</summary>
    public static bool operator ==(Digest256 left, Digest256 right) => left.Equals(right);

    /// <summary>Compares by value.</summary>
    public static bool operator !=(Digest256 left, Digest256 right) => !left.Equals(right);

    /// <summary>Orders by bytes.</summary>
    public static bool operator <(Digest256 left, Digest256 right) => left.CompareTo(right) < 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator >(Digest256 left, Digest256 right) => left.CompareTo(right) > 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator <=(Digest256 left, Digest256 right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator >=(Digest256 left, Digest256 right) => left.CompareTo(right) >= 0;

    /// <summary>64 lower-case hexadecimal digits. Allocates: for logs and names, not for lookups.</summary>
    public override string ToString() => $"{_word0:x16}{_word1:x16}{_word2:x16}{_word3:x16}";

    private static void ThrowWrongLength(int actualBytes, string paramName) =>
        throw new ArgumentException($"A digest is {SizeBytes} bytes, got {actualBytes}.", paramName);
}
