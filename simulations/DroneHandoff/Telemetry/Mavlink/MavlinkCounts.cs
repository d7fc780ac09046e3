namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>What was received, by kind, since the receiver was started.</summary>
/// <remarks>
/// <para>
/// <see cref="Packets"/> are those that are understood and whole: <see cref="Heartbeats"/>, <see cref="Positions"/>,
/// <see cref="Attitudes"/>, <see cref="Huds"/> and <see cref="Batteries"/> together, of whatever sender.
/// </para>
/// <para>
/// Of the packets some are not used: <see cref="BeforeHeartbeat"/>, <see cref="ForeignSystems"/>, <see cref="OtherComponents"/>,
/// <see cref="Repeated"/> and <see cref="Late"/>.
/// <see cref="Lost"/>, <see cref="Repeated"/>, <see cref="Late"/> and <see cref="Restarts"/> are of the drone that is followed alone, and count
/// its packets of unknown messages too: the numbers run through all of them.
/// </para>
/// </remarks>
internal record struct MavlinkCounts
{
    /// <summary>Datagrams.</summary>
    public long Datagrams { get; set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; set; }

    /// <summary>Packets of messages that are understood, with the right checksum.</summary>
    public long Packets { get; set; }

    /// <summary>Packets that are a <c>HEARTBEAT</c>.</summary>
    public long Heartbeats { get; set; }

    /// <summary>Packets that are a <c>GLOBAL_POSITION_INT</c>.</summary>
    public long Positions { get; set; }

    /// <summary>Packets that are an <c>ATTITUDE</c>.</summary>
    public long Attitudes { get; set; }

    /// <summary>Packets that are a <c>VFR_HUD</c>.</summary>
    public long Huds { get; set; }

    /// <summary>Packets that are a <c>BATTERY_STATUS</c>.</summary>
    public long Batteries { get; set; }

    /// <summary>Packets of MAVLink 1, which are read alike.</summary>
    public long Version1 { get; set; }

    /// <summary>Packets with a signature, which is not verified.</summary>
    public long Signed { get; set; }

    /// <summary>Packets that came before the heartbeat that says whom to follow.</summary>
    public long BeforeHeartbeat { get; set; }

    /// <summary>Packets of other systems than the one that is followed.</summary>
    public long ForeignSystems { get; set; }

    /// <summary>Packets of the system's other components, where they say what the autopilot alone is asked for.</summary>
    public long OtherComponents { get; set; }

    /// <summary>Packets that did not come.</summary>
    public long Lost { get; set; }

    /// <summary>Packets that came once more.</summary>
    public long Repeated { get; set; }

    /// <summary>Packets that came behind newer ones.</summary>
    public long Late { get; set; }

    /// <summary>How often the numbers began anew: the sender was started again, or two senders say that they are the same.</summary>
    public long Restarts { get; set; }

    /// <summary>Packets of messages that are not understood.</summary>
    public long UnknownMessages { get; set; }

    /// <summary>Packets whose checksum is wrong.</summary>
    public long BadChecksums { get; set; }

    /// <summary>Packets that ask for a feature that is not known.</summary>
    public long Incompatible { get; set; }

    /// <summary>Packets of MAVLink 1 whose payload is too short.</summary>
    public long ShortPayloads { get; set; }

    /// <summary>Packets that a datagram did not hold whole.</summary>
    public long Cut { get; set; }

    /// <summary>Bytes that belong to no packet, where none was begun.</summary>
    public long ForeignBytes { get; set; }

    /// <summary>Positions that are not on the earth, and made no reading.</summary>
    public long OffEarth { get; set; }

    /// <summary>Readings, one for each position that was used.</summary>
    public long Readings { get; set; }

    /// <summary>Readings without a fix among them.</summary>
    public long WithoutFix { get; set; }

    /// <summary>Readings that were dropped, the oldest first, since nobody took them in time.</summary>
    public long Dropped { get; set; }

    /// <summary>All that is not zero, in words.</summary>
    /// <returns>A part of a sentence.</returns>
    public readonly string Describe()
    {
        (long Count, string What)[] all =
        [
            (Datagrams, "datagrams"), (Bytes, "bytes"), (Packets, "packets"), (Heartbeats, "HEARTBEAT"), (Positions, "GLOBAL_POSITION_INT"),
            (Attitudes, "ATTITUDE"), (Huds, "VFR_HUD"), (Batteries, "BATTERY_STATUS"), (Version1, "of MAVLink 1"), (Signed, "signed"),
            (BeforeHeartbeat, "before an autopilot's heartbeat"), (ForeignSystems, "of other systems"),
            (OtherComponents, "of other components"), (Lost, "lost"), (Repeated, "repeated"), (Late, "late"), (Restarts, "restarts"),
            (UnknownMessages, "of other messages"), (BadChecksums, "with a wrong checksum"), (Incompatible, "of unknown features"),
            (ShortPayloads, "too short"), (Cut, "cut off"), (ForeignBytes, "foreign bytes"), (OffEarth, "positions off the earth"),
            (Readings, "readings"), (WithoutFix, "without a fix"), (Dropped, "readings dropped"),
        ];
        return Datagrams == 0 ? "nothing at all" : string.Join(", ", all.Where(one => one.Count > 0).Select(one => $"{one.Count} {one.What}"));
    }
}
