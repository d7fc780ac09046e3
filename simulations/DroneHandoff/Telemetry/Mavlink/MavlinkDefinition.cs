namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>A message that is understood: its number, and what a packet with it is checked by.</summary>
/// <param name="Id">Number of the message.</param>
/// <param name="Name">Its name in MAVLink's <c>common.xml</c>.</param>
/// <param name="CrcExtra">
/// A byte made of the message's name and fields, which the checksum covers as if it came behind the payload: sender and receiver have the same
/// definition, or the checksum is wrong.
/// </param>
/// <param name="BaseLength">Bytes of the payload without extension fields: what MAVLink 1 sends.</param>
/// <param name="Length">Bytes of the whole payload. MAVLink 2 leaves out zero bytes at its end.</param>
internal readonly record struct MavlinkDefinition(int Id, string Name, byte CrcExtra, int BaseLength, int Length)
{
    /// <summary>Number of <c>HEARTBEAT</c>.</summary>
    public const int HeartbeatId = 0;

    /// <summary>Number of <c>ATTITUDE</c>.</summary>
    public const int AttitudeId = 30;

    /// <summary>Number of <c>GLOBAL_POSITION_INT</c>.</summary>
    public const int PositionId = 33;

    /// <summary>Number of <c>VFR_HUD</c>.</summary>
    public const int HudId = 74;

    /// <summary>Number of <c>BATTERY_STATUS</c>.</summary>
    public const int BatteryId = 147;

    /// <summary>Most bytes of a payload of any of them.</summary>
    public const int MaxLength = 54;

    private static readonly MavlinkDefinition _heartbeat = new(HeartbeatId, "HEARTBEAT", 50, 9, 9);
    private static readonly MavlinkDefinition _attitude = new(AttitudeId, "ATTITUDE", 39, 28, 28);
    private static readonly MavlinkDefinition _position = new(PositionId, "GLOBAL_POSITION_INT", 104, 28, 28);
    private static readonly MavlinkDefinition _hud = new(HudId, "VFR_HUD", 20, 20, 20);
    private static readonly MavlinkDefinition _battery = new(BatteryId, "BATTERY_STATUS", 154, 36, MaxLength);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MavlinkDefinition> All { get; } = [_heartbeat, _attitude, _position, _hud, _battery];

    /// <summary>Finds a message by its number.</summary>
    /// <param name="id">The number.</param>
    /// <param name="definition">The message.</param>
    /// <returns>Whether it is one that is understood.</returns>
    public static bool TryFind(int id, out MavlinkDefinition definition)
    {
        definition = id switch
        {
            HeartbeatId => _heartbeat,
            AttitudeId => _attitude,
            PositionId => _position,
            HudId => _hud,
            BatteryId => _battery,
            _ => default,
        };
        return definition.Length > 0;
    }
}
