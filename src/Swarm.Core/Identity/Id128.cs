using System.Buffers.Binary;
using System.Globalization;

namespace Swarm.Core.Identity;

/// <summary>An opaque 16-byte id. Its order is the order of its bytes and of its hex text.</summary>
/// <param name="High">First 8 bytes, big-endian.</param>
/// <param name="Low">Last 8 bytes, big-endian.</param>
public readonly record struct Id128(ulong High, ulong Low) : IComparable<Id128>
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 16;

    /// <summary>Reads an id from its encoded form.</summary>
    /// <param name="source">Exactly <see cref="SizeBytes"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> has another length.</exception>
    public Id128(ReadOnlySpan<byte> source)
        : this(0, 0)
    {
        if (source.Length != SizeBytes)
        {
            throw new ArgumentException($"An id is {SizeBytes} bytes, got {source.Length}.", nameof(source));
        }

        High = BinaryPrimitives.ReadUInt64BigEndian(source);
        Low = BinaryPrimitives.ReadUInt64BigEndian(source[8..]);
    }

    /// <summary>Whether this is the unset value.</summary>
    public bool IsDefault => (High | Low) == 0;

    /// <summary>Reads 32 hexadecimal digits.</summary>
    /// <param name="text">The digits.</param>
    /// <param name="id">The id, or the unset value.</param>
    /// <returns>Whether <paramref name="text"/> was an id.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Id128 id)
    {
        id = default;
        if (text.Length != SizeBytes * 2
            || !ulong.TryParse(text[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            || !ulong.TryParse(text[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
        {
            return false;
        }

        id = new Id128(high, low);
        return true;
    }

    /// <summary>Writes the encoded form.</summary>
    /// <param name="destination">At least <see cref="SizeBytes"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        destination = destination[..SizeBytes];
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>The encoded form as a new array that the caller owns.</summary>
    /// <returns><see cref="SizeBytes"/> bytes.</returns>
    public byte[] ToArray()
    {
        var bytes = new byte[SizeBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(Id128 other)
    {
        var order = High.CompareTo(other.High);
        return order != 0 ? order : Low.CompareTo(other.Low);
    }

    /// <summary>Orders by bytes.</summary>
    public static bool operator <(Id128 left, Id128 right) => left.CompareTo(right) < 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator >(Id128 left, Id128 right) => left.CompareTo(right) > 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator <=(Id128 left, Id128 right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator >=(Id128 left, Id128 right) => left.CompareTo(right) >= 0;

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[SizeBytes];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
