using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Format.Objects;

namespace Swarm.Format.Frames;

/// <summary>First bytes of a KV payload; see FORMAT.md, KV payload.</summary>
/// <param name="FirstPosition">First position of the run.</param>
/// <param name="Count">Positions.</param>
/// <param name="Frames">Frames that follow.</param>
internal readonly record struct KvPayloadHeader(long FirstPosition, int Count, int Frames)
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 48;

    private const byte Version = 1;
    private const int VersionOffset = 4;
    private const int AlgorithmOffset = 5;
    private const int HeaderLengthOffset = 6;
    private const int IncompatibleOffset = 8;

    // 12: compatible feature bits (4), ignored.
    private const int FirstPositionOffset = 16;
    private const int CountOffset = 24;
    private const int FramesOffset = 28;

    // 32: reserved (8).
    private const int ChecksumOffset = 40;

    private static ReadOnlySpan<byte> Magic => "SWKV"u8;

    /// <summary>Reads and checks a header.</summary>
    /// <param name="source">The payload.</param>
    /// <exception cref="CorruptObjectException">Damaged, or of a version or feature that is not known here.</exception>
    public static KvPayloadHeader Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < SizeBytes || !source.StartsWith(Magic))
        {
            throw new CorruptObjectException($"{source.Length} bytes that are no KV payload.");
        }

        source = source[..SizeBytes];
        Require(source[AlgorithmOffset] == ObjectHeader.XxHash3Algorithm, "checksum algorithm", source[AlgorithmOffset]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(source[ChecksumOffset..])
            != XxHash3.HashToUInt64(source[..ChecksumOffset]))
        {
            throw new CorruptObjectException("The header of a KV payload does not match its checksum.");
        }

        var headerLength = BinaryPrimitives.ReadUInt16LittleEndian(source[HeaderLengthOffset..]);
        var incompatible = BinaryPrimitives.ReadUInt32LittleEndian(source[IncompatibleOffset..]);
        Require(source[VersionOffset] == Version, "version", source[VersionOffset]);
        Require(headerLength == SizeBytes, "header length", headerLength);
        Require(incompatible == 0, "incompatible feature bits", incompatible);
        return new KvPayloadHeader(
            BinaryPrimitives.ReadInt64LittleEndian(source[FirstPositionOffset..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[CountOffset..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[FramesOffset..]));
    }

    /// <summary>Holds it to the run that it is to be of.</summary>
    /// <exception cref="CorruptObjectException">It is of another.</exception>
    public void RequireRun(long firstPosition, int count)
    {
        if (FirstPosition != firstPosition || Count != count)
        {
            throw new CorruptObjectException(
                $"KV payload of {Count} positions from {FirstPosition} on, where {count} from {firstPosition} on belong.");
        }
    }

    /// <summary>Writes the encoded form.</summary>
    /// <param name="destination">At least <see cref="SizeBytes"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        destination = destination[..SizeBytes];
        destination.Clear();
        Magic.CopyTo(destination);
        destination[VersionOffset] = Version;
        destination[AlgorithmOffset] = ObjectHeader.XxHash3Algorithm;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[HeaderLengthOffset..], SizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(destination[FirstPositionOffset..], FirstPosition);
        BinaryPrimitives.WriteInt32LittleEndian(destination[CountOffset..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(destination[FramesOffset..], Frames);
        BinaryPrimitives.WriteUInt64LittleEndian(
            destination[ChecksumOffset..], XxHash3.HashToUInt64(destination[..ChecksumOffset]));
    }

    private static void Require(bool isKnown, string what, uint value)
    {
        if (!isKnown)
        {
            throw new CorruptObjectException(
                $"The KV payload has {what} {value}, which this build does not know. Use a newer one.",
                isUnsupported: true);
        }
    }
}
