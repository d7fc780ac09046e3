using System.Buffers.Binary;

namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>Takes a datagram apart into packets of MAVLink 2 and 1, and what is between them. Allocates nothing.</summary>
/// <remarks>
/// <para>
/// A packet is a start byte, a header, a payload of up to 255 bytes, and a checksum over all of it but the start byte, with the message's
/// CRC_EXTRA behind it (<see href="https://mavlink.io/en/guide/serialization.html"/>). A signature of 13 bytes may follow in MAVLink 2.
/// </para>
/// <para>
/// Every byte of the datagram is in one frame. A packet that is damaged, or of another message, is passed over by the length it claims, where
/// another packet or the datagram's end follows there; else up to the next packet whose checksum is right. So damage costs its own packet.
/// </para>
/// </remarks>
/// <param name="datagram">The bytes.</param>
internal ref struct MavlinkFrameReader(ReadOnlySpan<byte> datagram)
{
    private const byte Start1 = 0xFE;
    private const byte Start2 = 0xFD;
    private const int Header1 = 6;
    private const int Header2 = 10;
    private const int ChecksumLength = 2;
    private const int SignatureLength = 13;
    private const byte SignedFlag = 1;

    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>Reads the next frame.</summary>
    /// <param name="frame">The frame; at least one byte.</param>
    /// <returns><see langword="false"/> at the datagram's end.</returns>
    public bool TryRead(out MavlinkFrame frame)
    {
        if (_rest.IsEmpty)
        {
            frame = default;
            return false;
        }

        frame = ReadFirst(_rest);
        _rest = _rest[frame.Bytes.Length..];
        return true;
    }

    private static MavlinkFrame ReadFirst(ReadOnlySpan<byte> bytes)
    {
        var isStart = IsStart(bytes[0]);
        if (!isStart || !TryReadWhole(bytes, out var frame))
        {
            return new MavlinkFrame
            {
                Kind = isStart ? MavlinkFrameKind.Cut : MavlinkFrameKind.ForeignBytes,
                Bytes = bytes[..FindPacket(bytes)],
            };
        }

        var isPlausible = frame.Bytes.Length == bytes.Length || IsStart(bytes[frame.Bytes.Length]);
        return frame.Kind switch
        {
            MavlinkFrameKind.BadChecksum when !isPlausible =>
                new MavlinkFrame { Kind = MavlinkFrameKind.BadChecksum, Bytes = bytes[..FindPacket(bytes)] },
            MavlinkFrameKind.UnknownMessage when !isPlausible =>
                new MavlinkFrame { Kind = MavlinkFrameKind.ForeignBytes, Bytes = bytes[..FindPacket(bytes)] },
            _ => frame,
        };
    }

    // Where the next packet with a right checksum begins, behind the first byte; the end where there is none.
    private static int FindPacket(ReadOnlySpan<byte> bytes)
    {
        for (var at = 1; at < bytes.Length; at++)
        {
            var next = bytes[at..].IndexOfAny(Start1, Start2);
            if (next < 0)
            {
                break;
            }

            at += next;
            if (TryReadWhole(bytes[at..], out var frame) && frame.Kind == MavlinkFrameKind.Packet)
            {
                return at;
            }
        }

        return bytes.Length;
    }

    private static bool IsStart(byte value) => value is Start1 or Start2;

    // The frame that the start byte and the length behind it say there is. False when it does not end within the bytes.
    private static bool TryReadWhole(ReadOnlySpan<byte> bytes, out MavlinkFrame frame)
    {
        frame = default;
        var isVersion1 = bytes[0] == Start1;
        var header = isVersion1 ? Header1 : Header2;
        if (bytes.Length < header)
        {
            return false;
        }

        var flags = isVersion1 ? (byte)0 : bytes[2];
        var isSigned = (flags & SignedFlag) != 0;
        var checksumAt = header + bytes[1];
        var length = checksumAt + ChecksumLength + (isSigned ? SignatureLength : 0);
        if (bytes.Length < length)
        {
            return false;
        }

        var id = isVersion1 ? bytes[5] : bytes[7] | (bytes[8] << 8) | (bytes[9] << 16);
        var checksum = BinaryPrimitives.ReadUInt16LittleEndian(bytes[checksumAt..]);
        frame = new MavlinkFrame
        {
            Kind = Judge(bytes[..checksumAt], id, checksum, isVersion1, flags),
            Bytes = bytes[..length],
            Payload = bytes[header..checksumAt],
            MessageId = id,
            Sequence = bytes[isVersion1 ? 2 : 4],
            System = bytes[isVersion1 ? 3 : 5],
            Component = bytes[isVersion1 ? 4 : 6],
            Checksum = checksum,
            IsVersion1 = isVersion1,
            IsSigned = isSigned,
        };
        return true;
    }

    private static MavlinkFrameKind Judge(ReadOnlySpan<byte> headerAndPayload, int id, ushort checksum, bool isVersion1, byte flags)
    {
        if (!MavlinkDefinition.TryFind(id, out var definition))
        {
            return MavlinkFrameKind.UnknownMessage;
        }

        if (X25Checksum.Add(X25Checksum.Add(X25Checksum.Start, headerAndPayload[1..]), definition.CrcExtra) != checksum)
        {
            return MavlinkFrameKind.BadChecksum;
        }

        if ((flags & ~SignedFlag) != 0)
        {
            return MavlinkFrameKind.Incompatible;
        }

        return isVersion1 && headerAndPayload.Length - Header1 < definition.BaseLength
            ? MavlinkFrameKind.ShortPayload
            : MavlinkFrameKind.Packet;
    }
}
