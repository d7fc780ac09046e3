using System.Buffers.Binary;
using System.IO.Hashing;

namespace Swarm.Format.Objects;

/// <summary>The fixed first bytes of every persisted object; see FORMAT.md, Object header.</summary>
/// <param name="Kind">What the object is.</param>
/// <param name="ReadOnlyFeatures">Features that a build may read without knowing them, but not replace.</param>
/// <param name="CompatibleFeatures">Features that may be ignored.</param>
/// <param name="MetaLength">Bytes of MessagePack behind the header.</param>
/// <param name="PayloadLength">Bytes behind these, up to the end of the object.</param>
/// <param name="MetaChecksum">XxHash3-64 of the meta.</param>
internal readonly record struct ObjectHeader(
    ObjectKind Kind,
    uint ReadOnlyFeatures,
    uint CompatibleFeatures,
    int MetaLength,
    long PayloadLength,
    ulong MetaChecksum)
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 64;

    /// <summary>Most bytes of header and meta together.</summary>
    public const int MaxIndexBytes = 64 << 20;

    /// <summary>Version of the layout, of each kind.</summary>
    public const byte Version = 1;

    /// <summary>Number of XxHash3-64 among checksum algorithms.</summary>
    public const byte XxHash3Algorithm = 1;

    private const int KindOffset = 4;
    private const int VersionOffset = 5;
    private const int AlgorithmOffset = 6;
    private const int HeaderLengthOffset = 8;
    private const int IncompatibleOffset = 12;
    private const int ReadOnlyOffset = 16;
    private const int CompatibleOffset = 20;
    private const int MetaLengthOffset = 24;
    private const int PayloadLengthOffset = 32;
    private const int MetaChecksumOffset = 40;
    private const int ChecksumOffset = 56;

    /// <summary>Where the payload area starts.</summary>
    public int IndexEnd => SizeBytes + MetaLength;

    private static ReadOnlySpan<byte> Magic => "SWRM"u8;

    /// <summary>Reads and checks a header.</summary>
    /// <param name="source">The object from offset 0, at least <see cref="SizeBytes"/> bytes of it.</param>
    /// <exception cref="CorruptObjectException">Damaged, or of a version or feature that is not known here.</exception>
    public static ObjectHeader Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < SizeBytes)
        {
            throw new CorruptObjectException($"{source.Length} bytes are no object: its header has {SizeBytes}.");
        }

        source = source[..SizeBytes];
        if (!source.StartsWith(Magic))
        {
            throw new CorruptObjectException($"No object starts with {Convert.ToHexString(source[..Magic.Length])}.");
        }

        Require(source[AlgorithmOffset] == XxHash3Algorithm, "checksum algorithm", source[AlgorithmOffset]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(source[ChecksumOffset..])
            != XxHash3.HashToUInt64(source[..ChecksumOffset]))
        {
            throw new CorruptObjectException("The object's header does not match its checksum.");
        }

        var headerLength = BinaryPrimitives.ReadUInt16LittleEndian(source[HeaderLengthOffset..]);
        var incompatible = BinaryPrimitives.ReadUInt32LittleEndian(source[IncompatibleOffset..]);
        var kind = (ObjectKind)source[KindOffset];
        Require(source[VersionOffset] == Version, "version", source[VersionOffset]);
        Require(headerLength == SizeBytes, "header length", headerLength);
        Require(incompatible == 0, "incompatible feature bits", incompatible);
        Require(kind != ObjectKind.None && Enum.IsDefined(kind), "object kind", source[KindOffset]);

        var metaLength = BinaryPrimitives.ReadUInt32LittleEndian(source[MetaLengthOffset..]);
        var payloadLength = BinaryPrimitives.ReadUInt64LittleEndian(source[PayloadLengthOffset..]);
        return metaLength <= MaxIndexBytes - SizeBytes && payloadLength <= long.MaxValue - MaxIndexBytes
            ? new ObjectHeader(
                kind,
                BinaryPrimitives.ReadUInt32LittleEndian(source[ReadOnlyOffset..]),
                BinaryPrimitives.ReadUInt32LittleEndian(source[CompatibleOffset..]),
                (int)metaLength,
                (long)payloadLength,
                BinaryPrimitives.ReadUInt64LittleEndian(source[MetaChecksumOffset..]))
            : throw new CorruptObjectException(
                $"{kind}: {metaLength} bytes of meta and {payloadLength} of payload are over the limits.");
    }

    /// <summary>Writes the encoded form.</summary>
    /// <param name="destination">At least <see cref="SizeBytes"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        destination = destination[..SizeBytes];
        destination.Clear();
        Magic.CopyTo(destination);
        destination[KindOffset] = (byte)Kind;
        destination[VersionOffset] = Version;
        destination[AlgorithmOffset] = XxHash3Algorithm;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[HeaderLengthOffset..], SizeBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[ReadOnlyOffset..], ReadOnlyFeatures);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[CompatibleOffset..], CompatibleFeatures);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[MetaLengthOffset..], (uint)MetaLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[PayloadLengthOffset..], (ulong)PayloadLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[MetaChecksumOffset..], MetaChecksum);
        BinaryPrimitives.WriteUInt64LittleEndian(
            destination[ChecksumOffset..], XxHash3.HashToUInt64(destination[..ChecksumOffset]));
    }

    private static void Require(bool isKnown, string what, uint value)
    {
        if (!isKnown)
        {
            throw new CorruptObjectException(
                $"The object has {what} {value}, which this build does not know. Use a newer one.", isUnsupported: true);
        }
    }
}
