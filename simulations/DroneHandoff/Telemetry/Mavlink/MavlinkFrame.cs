namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>What a run of bytes of a datagram is.</summary>
internal enum MavlinkFrameKind
{
    /// <summary>A packet of a message that is understood, with the right checksum.</summary>
    Packet,

    /// <summary>A packet of another message: its checksum cannot be checked, since that takes its definition.</summary>
    UnknownMessage,

    /// <summary>A packet whose checksum is wrong.</summary>
    BadChecksum,

    /// <summary>A packet of MAVLink 2 that asks for something that is not known: it must not be read.</summary>
    Incompatible,

    /// <summary>A packet of MAVLink 1, whose payload is too short for its message.</summary>
    ShortPayload,

    /// <summary>The beginning of a packet that the datagram does not hold whole.</summary>
    Cut,

    /// <summary>Something else.</summary>
    ForeignBytes,
}

/// <summary>A run of bytes of a datagram, and what it is. Valid as long as the datagram's bytes.</summary>
internal readonly ref struct MavlinkFrame
{
    /// <summary>What it is.</summary>
    public MavlinkFrameKind Kind { get; init; }

    /// <summary>All its bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>The payload as it was sent; of a packet.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Number of the message; of a packet.</summary>
    public int MessageId { get; init; }

    /// <summary>The sender's count of its packets, 0 to 255 and again from 0; of a packet.</summary>
    public byte Sequence { get; init; }

    /// <summary>Which vehicle, or ground station; of a packet.</summary>
    public byte System { get; init; }

    /// <summary>Which part of it; of a packet.</summary>
    public byte Component { get; init; }

    /// <summary>The checksum as it was sent; of a packet.</summary>
    public ushort Checksum { get; init; }

    /// <summary>Whether it is one of MAVLink 1; of a packet.</summary>
    public bool IsVersion1 { get; init; }

    /// <summary>Whether it has a signature, which is not looked at; of a packet.</summary>
    public bool IsSigned { get; init; }
}
