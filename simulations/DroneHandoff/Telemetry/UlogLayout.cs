using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DroneHandoff.Telemetry;

/// <summary>Where the fields of one topic lie in its data, as the log's own format says.</summary>
internal sealed class UlogLayout
{
    private const int MaxDepth = 16;

    private readonly Dictionary<string, (string Type, int Offset)> _fields;

    private UlogLayout(Dictionary<string, (string Type, int Offset)> fields) => _fields = fields;

    /// <summary>Lays a topic out.</summary>
    /// <param name="topic">Name of its format.</param>
    /// <param name="formats">All formats of the log: name, and the text of its fields (<c>uint64_t timestamp;float[4] q;</c>).</param>
    /// <param name="layout">The layout.</param>
    /// <param name="fault">What is wrong with the format; empty where nothing is.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryCreate(
        string topic, IReadOnlyDictionary<string, string> formats, [NotNullWhen(true)] out UlogLayout? layout, out string fault)
    {
        var fields = new Dictionary<string, (string Type, int Offset)>();
        fault = "";
        layout = Measure(topic, formats, [], fields, 0, ref fault) is null ? null : new UlogLayout(fields);
        return layout is not null;
    }

    /// <summary>Reads a number.</summary>
    /// <param name="data">The topic's data.</param>
    /// <param name="field">Name of the field.</param>
    /// <param name="index">Which of its values, where it has several.</param>
    /// <returns>The number; <see langword="null"/> where the topic has no such field, or the data ends before it.</returns>
    public double? Read(ReadOnlySpan<byte> data, string field, int index = 0)
    {
        if (!_fields.TryGetValue(field, out var found) || SizeOf(found.Type) is not { } size || found.Offset + ((index + 1) * size) > data.Length)
        {
            return null;
        }

        data = data[(found.Offset + (index * size))..];
        return found.Type switch
        {
            "int8_t" => (sbyte)data[0],
            "uint8_t" or "bool" or "char" => data[0],
            "int16_t" => BinaryPrimitives.ReadInt16LittleEndian(data),
            "uint16_t" => BinaryPrimitives.ReadUInt16LittleEndian(data),
            "int32_t" => BinaryPrimitives.ReadInt32LittleEndian(data),
            "uint32_t" => BinaryPrimitives.ReadUInt32LittleEndian(data),
            "int64_t" => BinaryPrimitives.ReadInt64LittleEndian(data),
            "uint64_t" => BinaryPrimitives.ReadUInt64LittleEndian(data),
            "float" => BinaryPrimitives.ReadSingleLittleEndian(data),
            _ => BinaryPrimitives.ReadDoubleLittleEndian(data),
        };
    }

    // The size of a format in bytes, with the fields of the outermost one; each format is measured once. Nothing where it is at fault.
    private static int? Measure(
        string name,
        IReadOnlyDictionary<string, string> formats,
        Dictionary<string, int> measured,
        Dictionary<string, (string Type, int Offset)>? fields,
        int depth,
        ref string fault)
    {
        if (measured.TryGetValue(name, out var known))
        {
            return known;
        }

        if (depth > MaxDepth || !formats.TryGetValue(name, out var text))
        {
            fault = depth > MaxDepth ? $"formats in formats more than {MaxDepth} deep" : $"no format '{name}'";
            return null;
        }

        long size = 0;
        foreach (var field in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = field.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || !TryParseType(field[..space], out var type, out var count))
            {
                fault = $"the field {TelemetryFormatException.Quote(field)}";
                return null;
            }

            if ((SizeOf(type) ?? Measure(type, formats, measured, null, depth + 1, ref fault)) is not { } one)
            {
                return null;
            }

            fields?.TryAdd(field[(space + 1)..], (type, (int)size));
            size += (long)one * count;
            if (size > ushort.MaxValue)
            {
                fault = $"the format '{name}' of more than {ushort.MaxValue} bytes";
                return null;
            }
        }

        measured[name] = (int)size;
        return (int)size;
    }

    // "float", or "float[4]".
    private static bool TryParseType(string text, out string type, out int count)
    {
        (type, count) = (text, 1);
        var bracket = text.IndexOf('[', StringComparison.Ordinal);
        if (bracket < 0)
        {
            return true;
        }

        type = text[..bracket];
        return text.EndsWith(']')
            && int.TryParse(text[(bracket + 1)..^1], NumberStyles.None, CultureInfo.InvariantCulture, out count)
            && count is > 0 and <= ushort.MaxValue;
    }

    private static int? SizeOf(string type) => type switch
    {
        "int8_t" or "uint8_t" or "bool" or "char" => 1,
        "int16_t" or "uint16_t" => 2,
        "int32_t" or "uint32_t" or "float" => 4,
        "int64_t" or "uint64_t" or "double" => 8,
        _ => null,
    };
}
