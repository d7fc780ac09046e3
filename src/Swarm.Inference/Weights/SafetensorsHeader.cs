using System.Text.Json;
using Swarm.Inference.Configuration;

namespace Swarm.Inference.Weights;

/// <summary>The JSON header of a safetensors file: which tensor lies where.</summary>
internal static class SafetensorsHeader
{
    /// <summary>Framework whose order of dimensions is used, as <c>__metadata__</c> names it.</summary>
    public const string Format = "pt";

    /// <summary>Reads a header.</summary>
    /// <param name="path">Path of the file, for messages.</param>
    /// <param name="header">The header.</param>
    /// <param name="dataLength">Bytes that the file has behind it.</param>
    /// <returns>The tensors by name.</returns>
    /// <exception cref="ModelFormatException">It is malformed, or does not fit the data.</exception>
    public static Dictionary<string, SafetensorsEntry> Read(string path, byte[] header, long dataLength)
    {
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException($"{path}: the header is not a JSON object.");
            }

            RequireKnownFraming(path, document.RootElement);
            var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
            foreach (var item in document.RootElement.EnumerateObject().Where(item => item.Name != "__metadata__"))
            {
                if (!entries.TryAdd(item.Name, ReadEntry(path, item.Name, item.Value, dataLength)))
                {
                    throw new ModelFormatException($"{path}: tensor '{item.Name}' is there twice.");
                }
            }

            RequireWhole(path, entries, dataLength);
            return entries;
        }
        catch (JsonException error)
        {
            throw new ModelFormatException($"{path}: the header is not JSON: {error.Message}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException($"{path}: the header is malformed: {error.Message}", error);
        }
    }

    private static SafetensorsEntry ReadEntry(string path, string name, JsonElement value, long dataLength)
    {
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array
            || offsets.GetArrayLength() != 2 || shape.GetArrayLength() > 8)
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' needs a dtype, a shape of at most 8 numbers and two data_offsets.");
        }

        var dimensions = shape.EnumerateArray().Select(Number).ToArray();
        var (begin, end) = (Number(offsets[0]), Number(offsets[1]));
        if (begin > end || !HasSize(dtype.GetString()!, dimensions, end - begin))
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' of shape [{string.Join(", ", dimensions)}] lies at {begin} to {end}; that does not "
                + $"fit {dtype}.");
        }

        if (end > dataLength)
        {
            throw new ModelFormatException(
                $"{path} was cut: tensor '{name}' lies at {begin} to {end}, and there are {dataLength} bytes of data; download it again.");
        }

        return new SafetensorsEntry(dtype.GetString()!, dimensions, begin, end - begin);

        long Number(JsonElement element) =>
            element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var number) && number >= 0
                ? number
                : throw new ModelFormatException($"{path}: tensor '{name}': {element} is not a size or an offset.");
    }

    /// <summary>Whether a tensor has so many bytes; a type that is not known may have any, for nobody can read it.</summary>
    private static bool HasSize(string dtype, long[] dimensions, long bytes)
    {
        if (ElementBits(dtype) is not { } elementBits)
        {
            return true;
        }

        if (dimensions.Contains(0))
        {
            return bytes == 0;
        }

        // Divided, not multiplied: what a header claims may be greater than any number.
        var (elements, rest) = Int128.DivRem((Int128)bytes * 8, elementBits);
        foreach (var dimension in dimensions)
        {
            rest += elements % dimension;
            elements /= dimension;
        }

        return rest == 0 && elements == 1;
    }

    private static int? ElementBits(string dtype) => dtype switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 8,
        "U16" or "I16" or "F16" or "BF16" => 16,
        "U32" or "I32" or "F32" => 32,
        "U64" or "I64" or "F64" or "C64" => 64,
        _ => null,
    };

    // Flax and TensorFlow store a matrix the other way round, and a square one shows nothing of it.
    private static void RequireKnownFraming(string path, JsonElement header)
    {
        if (header.TryGetProperty("__metadata__", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("format", out var format) && format.ToString() is not (Format or "mlx"))
        {
            throw new ModelFormatException(
                $"{path}: __metadata__ names format '{format}', whose matrices may be transposed; '{Format}' and 'mlx' are supported.");
        }
    }

    // The format allows neither overlaps nor holes: what no name stands for is a sign of damage.
    private static void RequireWhole(string path, Dictionary<string, SafetensorsEntry> entries, long dataLength)
    {
        long end = 0;
        foreach (var (name, entry) in entries.OrderBy(item => item.Value.Offset).ThenBy(item => item.Value.Length))
        {
            if (entry.Offset < end)
            {
                throw new ModelFormatException($"{path}: tensor '{name}' at {entry.Offset} overlaps the one before.");
            }

            if (entry.Offset > end)
            {
                throw new ModelFormatException($"{path}: bytes {end} to {entry.Offset} of the data belong to no tensor.");
            }

            end = entry.Offset + entry.Length;
        }

        if (end < dataLength)
        {
            throw new ModelFormatException($"{path}: bytes {end} to {dataLength} of the data, its last, belong to no tensor.");
        }
    }
}
