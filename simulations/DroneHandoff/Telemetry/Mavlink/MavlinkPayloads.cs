using System.Buffers.Binary;

namespace DroneHandoff.Telemetry.Mavlink;

// The payloads of the messages that are understood, in the units of the wire; little-endian, fields in MAVLink's order (largest first, extensions
// last). Each is read from MavlinkDefinition.MaxLength bytes, with zeros where the sender left bytes out.

/// <summary>A <c>HEARTBEAT</c>.</summary>
/// <param name="Type"><c>MAV_TYPE</c>.</param>
/// <param name="Autopilot"><c>MAV_AUTOPILOT</c>.</param>
internal readonly record struct HeartbeatPayload(byte Type, byte Autopilot)
{
    private const byte GroundStation = 6;
    private const byte NoAutopilot = 8;

    /// <summary>Whether it comes from what flies a vehicle, not from a camera, a radio or a ground station.</summary>
    public bool IsAutopilot => Autopilot != NoAutopilot && Type != GroundStation;

    /// <summary>Reads it.</summary>
    public static HeartbeatPayload Read(ReadOnlySpan<byte> payload) => new(payload[4], payload[5]);
}

/// <summary>An <c>ATTITUDE</c>, in radians; NaN where unknown.</summary>
internal readonly record struct AttitudePayload(float Roll, float Pitch, float Yaw)
{
    /// <summary>The angles, or <see langword="null"/> where one of them is not a number.</summary>
    public VehicleAttitude? Value => float.IsFinite(Roll) && float.IsFinite(Pitch) && float.IsFinite(Yaw)
        ? new VehicleAttitude(Roll, Pitch, Yaw)
        : null;

    /// <summary>Reads it.</summary>
    public static AttitudePayload Read(ReadOnlySpan<byte> payload) => new(
        BinaryPrimitives.ReadSingleLittleEndian(payload[4..]),
        BinaryPrimitives.ReadSingleLittleEndian(payload[8..]),
        BinaryPrimitives.ReadSingleLittleEndian(payload[12..]));
}

/// <summary>A <c>GLOBAL_POSITION_INT</c>.</summary>
/// <param name="BootMilliseconds">The autopilot's clock: milliseconds since it started, which begin again after 49.7 days.</param>
/// <param name="Latitude">1e-7 degrees north.</param>
/// <param name="Longitude">1e-7 degrees east. Latitude and longitude are both 0 without a fix.</param>
/// <param name="Altitude">Millimetres over the sea.</param>
/// <param name="HomeAltitude">Millimetres over the take-off point.</param>
/// <param name="North">cm/s to the north.</param>
/// <param name="East">cm/s to the east.</param>
/// <param name="Down">cm/s downwards. 32,767 is unknown, for each of the three.</param>
/// <param name="Heading">1/100 of a degree; 65,535 is unknown.</param>
internal readonly record struct PositionPayload(
    uint BootMilliseconds, int Latitude, int Longitude, int Altitude, int HomeAltitude, short North, short East, short Down, ushort Heading)
{
    private const int UnitsPerDegree = 10_000_000;
    private const ushort FullCircle = 36_000;

    /// <summary>Whether it has a place; without one its other values are not the vehicle's either.</summary>
    public bool HasFix => Latitude != 0 || Longitude != 0;

    /// <summary>Whether its coordinates are on the earth.</summary>
    public bool IsOnEarth => Latitude is >= -90 * UnitsPerDegree and <= 90 * UnitsPerDegree
        && Longitude is >= -180 * UnitsPerDegree and <= 180 * UnitsPerDegree;

    /// <summary>The place.</summary>
    public GeoPosition Place => new((double)Latitude / UnitsPerDegree, (double)Longitude / UnitsPerDegree);

    /// <summary>Speed over ground in m/s, when known.</summary>
    public double? GroundSpeed => North == short.MaxValue || East == short.MaxValue
        ? null
        : Math.Sqrt(((double)North * North) + ((double)East * East)) / 100;

    /// <summary>Speed upwards in m/s, when known.</summary>
    public double? Climb => Down == short.MaxValue ? null : -Down / 100.0;

    /// <summary>Heading in degrees, when known.</summary>
    public double? HeadingDegrees => Heading > FullCircle ? null : Heading % FullCircle / 100.0;

    /// <summary>Reads it.</summary>
    public static PositionPayload Read(ReadOnlySpan<byte> payload) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(payload),
        BinaryPrimitives.ReadInt32LittleEndian(payload[4..]),
        BinaryPrimitives.ReadInt32LittleEndian(payload[8..]),
        BinaryPrimitives.ReadInt32LittleEndian(payload[12..]),
        BinaryPrimitives.ReadInt32LittleEndian(payload[16..]),
        BinaryPrimitives.ReadInt16LittleEndian(payload[20..]),
        BinaryPrimitives.ReadInt16LittleEndian(payload[22..]),
        BinaryPrimitives.ReadInt16LittleEndian(payload[24..]),
        BinaryPrimitives.ReadUInt16LittleEndian(payload[26..]));
}

/// <summary>A <c>VFR_HUD</c>: speeds in m/s, NaN where unknown, and a heading in degrees, -1 where unknown.</summary>
internal readonly record struct HudPayload(float AirSpeed, float GroundSpeed, float Climb, short Heading)
{
    /// <summary>Speed through the air in m/s, when known.</summary>
    public double? KnownAirSpeed => float.IsFinite(AirSpeed) && AirSpeed >= 0 ? AirSpeed : null;

    /// <summary>Speed over ground in m/s, when known.</summary>
    public double? KnownGroundSpeed => float.IsFinite(GroundSpeed) && GroundSpeed >= 0 ? GroundSpeed : null;

    /// <summary>Speed upwards in m/s, when known.</summary>
    public double? KnownClimb => float.IsFinite(Climb) ? Climb : null;

    /// <summary>Heading in degrees, when known.</summary>
    public double? HeadingDegrees => Heading is >= 0 and <= 360 ? Heading % 360 : null;

    /// <summary>Reads it.</summary>
    public static HudPayload Read(ReadOnlySpan<byte> payload) => new(
        BinaryPrimitives.ReadSingleLittleEndian(payload),
        BinaryPrimitives.ReadSingleLittleEndian(payload[4..]),
        BinaryPrimitives.ReadSingleLittleEndian(payload[12..]),
        BinaryPrimitives.ReadInt16LittleEndian(payload[16..]));
}

/// <summary>A <c>BATTERY_STATUS</c>.</summary>
/// <param name="Id">Which battery, from 0.</param>
/// <param name="Volts">All its cells together, in volts, when measured.</param>
/// <param name="Percent">Its charge, 0 to 100; other values, as -1, are unknown.</param>
internal readonly record struct BatteryPayload(byte Id, double? Volts, sbyte Percent)
{
    private const int Cells = 10;
    private const int MoreCells = 4;

    /// <summary>The charge in percent, when known.</summary>
    public int? KnownPercent => Percent is >= 0 and <= 100 ? Percent : null;

    /// <summary>Reads it.</summary>
    /// <remarks>
    /// A cell in mV of 65,535 is not there; a battery that is measured as a whole tells its voltage as its first cells'. Of the cells 11 to 14, an
    /// extension, 0 is not there.
    /// </remarks>
    public static BatteryPayload Read(ReadOnlySpan<byte> payload)
    {
        var millivolts = 0;
        var isMeasured = false;
        for (var cell = 0; cell < Cells + MoreCells; cell++)
        {
            var voltage = BinaryPrimitives.ReadUInt16LittleEndian(payload[(cell < Cells ? 10 + (2 * cell) : 41 + (2 * (cell - Cells)))..]);
            if (voltage != ushort.MaxValue)
            {
                millivolts += voltage;
                isMeasured |= cell < Cells;
            }
        }

        return new BatteryPayload(payload[32], isMeasured ? millivolts / 1000.0 : null, (sbyte)payload[35]);
    }
}
