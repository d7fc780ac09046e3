using System.Buffers.Binary;
using System.Text;

namespace DroneHandoff.Tests.Telemetry;

/// <summary>Writes logs as PX4 does, for tests: no recording of a real one is in this repository.</summary>
internal sealed class UlogWriter
{
    public const string LocalPosition =
        "vehicle_local_position:uint64_t timestamp;float x;float y;float z;float vx;float vy;float vz;bool z_valid;bool v_xy_valid;uint8_t[2] _padding0;";

    public const string Attitude = "vehicle_attitude:uint64_t timestamp;float[4] q;";
    public const string Battery = "battery_status:uint64_t timestamp;float voltage_v;float remaining;";
    public const string GlobalPosition = "vehicle_global_position:uint64_t timestamp;double lat;double lon;float alt;uint8_t[4] _padding0;";

    public const string OldGps =
        "vehicle_gps_position:uint64_t timestamp;int32_t lat;int32_t lon;int32_t alt;float vel_m_s;float vel_n_m_s;float vel_e_m_s;float vel_d_m_s;"
        + "uint8_t fix_type;bool vel_ned_valid;uint8_t[2] _padding0;";

    public const string NewGps =
        "sensor_gps:uint64_t timestamp;double latitude_deg;double longitude_deg;double altitude_msl_m;float vel_m_s;uint8_t fix_type;";

    private readonly List<byte> _bytes = [0x55, 0x4C, 0x6F, 0x67, 0x01, 0x12, 0x35, 1, .. new byte[8]];

    public byte[] Bytes => [.. _bytes];

    public int Length => _bytes.Count;

    public UlogWriter Message(char kind, params byte[] content)
    {
        var size = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(size, (ushort)content.Length);
        _bytes.AddRange([.. size, (byte)kind, .. content]);
        return this;
    }

    public UlogWriter Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public UlogWriter Flags(byte incompatible = 0, params long[] appended)
    {
        var content = new byte[40];
        content[8] = incompatible;
        for (var index = 0; index < appended.Length; index++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(16 + (8 * index)), appended[index]);
        }

        return Message('B', content);
    }

    public UlogWriter Format(string text) => Message('F', Encoding.ASCII.GetBytes(text));

    public UlogWriter Subscribe(byte id, string topic, byte instance = 0) => Message('A', [instance, id, 0, .. Encoding.ASCII.GetBytes(topic)]);

    /// <summary>Data: numbers as the types say, one after the other.</summary>
    public UlogWriter Data(byte id, params object[] values) => Message('D', [id, 0, .. values.SelectMany(Encode)]);

    private static byte[] Encode(object value) => value switch
    {
        ulong number => BitConverter.GetBytes(number),
        double number => BitConverter.GetBytes(number),
        float number => BitConverter.GetBytes(number),
        int number => BitConverter.GetBytes(number),
        byte number => [number],
        _ => throw new ArgumentException($"{value.GetType()} is not written.", nameof(value)),
    };
}
