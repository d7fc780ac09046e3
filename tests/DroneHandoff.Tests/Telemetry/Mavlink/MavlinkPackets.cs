using System.Buffers.Binary;
using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>Packets for tests that need one of a form; what a real sender writes is in <see cref="NodeMavlinkTests"/>.</summary>
internal static class MavlinkPackets
{
    public const byte System = 1;
    public const byte Component = 1;
    public const int ChecksumLength = 2;

    /// <summary>A packet of MAVLink 2, the zeros at its end left out.</summary>
    public static byte[] Version2(
        int id, byte[] payload, byte sequence, byte system = System, byte component = Component, byte flags = 0, byte? crcExtra = null)
    {
        var length = Math.Max(1, payload.AsSpan().TrimEnd((byte)0).Length);
        byte[] body =
        [
            0xFD, (byte)length, flags, 0, sequence, system, component, (byte)id, (byte)(id >> 8), (byte)(id >> 16), .. payload.AsSpan(0, length),
        ];
        return [.. body, .. Checksum(body, crcExtra ?? CrcExtra(id)), .. new byte[(flags & 1) != 0 ? 13 : 0]];
    }

    /// <summary>A packet of MAVLink 1.</summary>
    public static byte[] Version1(int id, byte[] payload, byte sequence, byte system = System, byte component = Component)
    {
        byte[] body = [0xFE, (byte)payload.Length, sequence, system, component, (byte)id, .. payload];
        return [.. body, .. Checksum(body, CrcExtra(id))];
    }

    public static byte[] Heartbeat(byte type = 2, byte autopilot = 12) => [0, 0, 0, 0, type, autopilot, 81, 4, 3];

    public static byte[] Position(uint bootMilliseconds, int latitude = 473_977_420, int longitude = 85_455_939, int altitude = 488_000)
    {
        var payload = new byte[28];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, bootMilliseconds);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(4), latitude);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(8), longitude);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(12), altitude);
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(26), 9_000);
        return payload;
    }

    /// <summary>Reads datagrams from a heartbeat on.</summary>
    public static (List<TelemetryReading> Readings, MavlinkStream Stream) Read(byte? system, params byte[][] datagrams)
    {
        var readings = new List<TelemetryReading>();
        var stream = new MavlinkStream(system, readings.Add);
        foreach (var datagram in datagrams)
        {
            stream.Accept(datagram);
        }

        return (readings, stream);
    }

    // Bit by bit: another way than the one that is tested.
    private static byte[] Checksum(byte[] body, byte crcExtra)
    {
        var checksum = 0xFFFF;
        foreach (var value in body[1..].Append(crcExtra))
        {
            checksum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                checksum = (checksum & 1) != 0 ? (checksum >> 1) ^ 0x8408 : checksum >> 1;
            }
        }

        return [(byte)checksum, (byte)(checksum >> 8)];
    }

    private static byte CrcExtra(int id) => MavlinkDefinition.TryFind(id, out var definition) ? definition.CrcExtra : (byte)124;
}
