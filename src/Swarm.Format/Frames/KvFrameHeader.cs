using System.Buffers.Binary;

namespace Swarm.Format.Frames;

/// <summary>Header of a frame; see FORMAT.md, KV payload.</summary>
/// <param name="Group">Layer group.</param>
/// <param name="Stream">Stream of the group.</param>
/// <param name="FirstPosition">First position.</param>
/// <param name="Count">Positions.</param>
/// <param name="RawBytes">Bytes of the KV.</param>
/// <param name="StoredBytes">Bytes of it behind this header.</param>
/// <param name="IsPlain">Whether it is neither coded, encrypted nor a shard.</param>
/// <remarks>
/// The checksum comes first, so that it covers all that follows, header and data, in one pass. Nonce and tag have room
/// but are zero until frames are encrypted.
/// </remarks>
internal readonly record struct KvFrameHeader(
    int Group, int Stream, long FirstPosition, int Count, int RawBytes, int StoredBytes, bool IsPlain)
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 96;

    /// <summary>Bytes of the checksum, at offset 0.</summary>
    public const int ChecksumBytes = sizeof(ulong);

    private const int GroupOffset = 12;
    private const int StreamOffset = 14;
    private const int ShardRankOffset = 16;
    private const int ShardOfOffset = 18;
    private const int CodecOffset = 20;
    private const int CipherOffset = 22;
    private const int CodecParameterOffset = 24;
    private const int KeyVersionOffset = 28;
    private const int FirstPositionOffset = 32;
    private const int CountOffset = 40;
    private const int RawBytesOffset = 44;
    private const int StoredBytesOffset = 48;

    // 52: nonce (12), 64: tag (16), 80: reserved (16).
    private const ushort RawCodec = 1;

    private static ReadOnlySpan<byte> Magic => "SWKF"u8;

    /// <summary>Reads a header, but for its checksum.</summary>
    /// <param name="source">At least <see cref="SizeBytes"/> bytes.</param>
    /// <param name="header">The header.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out KvFrameHeader header)
    {
        source = source[..SizeBytes];
        var isPlain = BinaryPrimitives.ReadUInt16LittleEndian(source[ShardRankOffset..]) == 0
            && BinaryPrimitives.ReadUInt16LittleEndian(source[ShardOfOffset..]) == 1
            && BinaryPrimitives.ReadUInt16LittleEndian(source[CodecOffset..]) == RawCodec
            && BinaryPrimitives.ReadUInt16LittleEndian(source[CipherOffset..]) == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(source[CodecParameterOffset..]) == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(source[KeyVersionOffset..]) == 0;
        header = new KvFrameHeader(
            BinaryPrimitives.ReadUInt16LittleEndian(source[GroupOffset..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[StreamOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[FirstPositionOffset..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[CountOffset..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[RawBytesOffset..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[StoredBytesOffset..]),
            isPlain);
        return source[ChecksumBytes..].StartsWith(Magic);
    }

    /// <summary>Writes the header of a plain frame, but for its checksum.</summary>
    /// <param name="destination">At least <see cref="SizeBytes"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        destination = destination[..SizeBytes];
        destination.Clear();
        Magic.CopyTo(destination[ChecksumBytes..]);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[GroupOffset..], (ushort)Group);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[StreamOffset..], (ushort)Stream);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[ShardOfOffset..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[CodecOffset..], RawCodec);
        BinaryPrimitives.WriteInt64LittleEndian(destination[FirstPositionOffset..], FirstPosition);
        BinaryPrimitives.WriteInt32LittleEndian(destination[CountOffset..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(destination[RawBytesOffset..], RawBytes);
        BinaryPrimitives.WriteInt32LittleEndian(destination[StoredBytesOffset..], StoredBytes);
    }
}
