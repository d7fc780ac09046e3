using System.Buffers.Binary;
using System.Text.Json;

namespace Swarm.Inference.Weights;

/// <summary>Writes a safetensors file.</summary>
internal static class SafetensorsWriter
{
    /// <summary>A tensor to write.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="DType">F32 or BF16.</param>
    /// <param name="Shape">Dimensions.</param>
    /// <param name="Length">Bytes.</param>
    /// <param name="Write">Writes the bytes to the stream.</param>
    public sealed record Item(string Name, string DType, IReadOnlyList<long> Shape, long Length, Action<Stream> Write);

    /// <summary>Writes tensors in the given order, one behind the other.</summary>
    public static void Write(string path, IReadOnlyList<Item> items)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", SafetensorsHeader.Format); // Python's readers of older versions ask for it.
            json.WriteEndObject();
            long offset = 0;
            foreach (var item in items)
            {
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", item.DType);
                json.WriteStartArray("shape");
                foreach (var dimension in item.Shape)
                {
                    json.WriteNumberValue(dimension);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += item.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' '); // The data begins aligned, as the format recommends.
        }

        using var file = File.Create(path);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        header.Position = 0;
        header.CopyTo(file);
        foreach (var item in items)
        {
            item.Write(file);
        }
    }
}
