using System.Buffers.Binary;
using System.IO.Hashing;

namespace Swarm.DataPlane.Frames;

/// <summary>The fixed head of every frame, 40 bytes, little-endian; see PROTOCOL.md, Frame header.</summary>
/// <remarks>
/// <code>
///  0 u32 magic and version  "SWD" 1      16 u32 length of the body
///  4 u8  type                            20 u32 length of its head, that the body checksum covers
///  5 u8  flags                           24 u64 XxHash3-64 over the body's head
///  6 u16 reserved, 0                     32 u64 XxHash3-64 over bytes 0 to 31
///  8 u32 attachment, 0 for none
/// 12 u32 correlation, 0 for none
/// </code>
/// The body of a control frame is all head. KV frames have a fixed head and a payload behind it; the payload's frames
/// carry their own checksums, which the receiver verifies, so that KV is hashed once and not twice.
/// </remarks>
/// <param name="Type">What the frame says.</param>
/// <param name="Attachment">Which attachment it belongs to.</param>
/// <param name="Correlation">Which request it belongs to.</param>
/// <param name="Length">Bytes of the body.</param>
/// <param name="HeadLength">Bytes of the body that <paramref name="BodyChecksum"/> covers.</param>
/// <param name="BodyChecksum">Checksum of the body's head.</param>
/// <param name="Flags">What is special about it.</param>
internal readonly record struct FrameHeader(
    FrameType Type, uint Attachment, uint Correlation, int Length, int HeadLength, ulong BodyChecksum, FrameFlags Flags = FrameFlags.None)
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 40;

    private const uint Magic = 0x01_44_57_53;
    private const int ChecksumOffset = 32;

    /// <summary>Bytes behind the body's head.</summary>
    public int PayloadLength => Length - HeadLength;

    /// <summary>Reads and checks a header; the lengths are within the limits of its type afterwards.</summary>
    /// <param name="source">Exactly <see cref="SizeBytes"/> bytes.</param>
    /// <returns>The header.</returns>
    /// <exception cref="ProtocolException">It is malformed.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> source)
    {
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (magic != Magic)
        {
            throw new ProtocolException(
                $"a frame begins with 0x{magic:x8}, not 0x{Magic:x8}: this is not Swarm's data plane, or another version");
        }

        if (XxHash3.HashToUInt64(source[..ChecksumOffset]) != BinaryPrimitives.ReadUInt64LittleEndian(source[ChecksumOffset..]))
        {
            throw new ProtocolException("the checksum of a frame header does not match");
        }

        var type = (FrameType)source[4];
        var length = BinaryPrimitives.ReadUInt32LittleEndian(source[16..]);
        var headLength = BinaryPrimitives.ReadUInt32LittleEndian(source[20..]);
        if (type is < FrameType.Hello or > FrameType.FollowedEpoch)
        {
            throw new ProtocolException($"frame type {source[4]} is unknown");
        }

        var flags = (FrameFlags)source[5];
        if ((source[6] | source[7]) != 0 || (flags != FrameFlags.None && (flags != FrameFlags.Traced || !MayBeTraced(type))))
        {
            throw new ProtocolException($"flags 0x{source[5]:x2} of a {type} frame are unknown");
        }

        if (type is FrameType.AppendKv or FrameType.KvRun)
        {
            var isHead = headLength == FrameLimits.KvHeadBytes || (headLength == FrameLimits.CheckedKvHeadBytes && type == FrameType.KvRun);
            if (!isHead || length < headLength
                || length - headLength > FrameLimits.MaxPayloadBytes)
            {
                throw new ProtocolException(
                    $"a {type} frame of {length} bytes with a head of {headLength} is over the limit of "
                    + $"{FrameLimits.MaxPayloadBytes}, or malformed");
            }
        }
        else if (length > FrameLimits.MaxControlBytes || headLength != length)
        {
            throw new ProtocolException(
                $"a {type} frame of {length} bytes with a head of {headLength} is over the limit of "
                + $"{FrameLimits.MaxControlBytes}, or malformed");
        }

        return new FrameHeader(
            type,
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            (int)length,
            (int)headLength,
            BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            flags);
    }

    /// <summary>Whether frames of a type may carry a trace context: requests that open, read or rewind. Appends may not, they are a step's hot path.</summary>
    public static bool MayBeTraced(FrameType type) => type is FrameType.Attach or FrameType.AttachReader or FrameType.Rewind
        or FrameType.ReadInputs or FrameType.ReadKv or FrameType.ReadStates;

    /// <summary>Writes the header.</summary>
    /// <param name="destination">At least <see cref="SizeBytes"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        destination = destination[..SizeBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        destination[4] = (byte)Type;
        destination[5] = (byte)Flags;
        destination[6..8].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Attachment);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], Correlation);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], HeadLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], BodyChecksum);
        BinaryPrimitives.WriteUInt64LittleEndian(
            destination[ChecksumOffset..], XxHash3.HashToUInt64(destination[..ChecksumOffset]));
    }

    /// <summary>Checks the body's head.</summary>
    /// <param name="head">The head as received.</param>
    /// <exception cref="ProtocolException">Its checksum does not match.</exception>
    public void RequireChecksum(ReadOnlySpan<byte> head)
    {
        if (XxHash3.HashToUInt64(head) != BodyChecksum)
        {
            throw new ProtocolException($"the checksum of the body of a {Type} frame does not match");
        }
    }
}
