using System.Buffers.Binary;
using System.IO.Hashing;
using MessagePack;

namespace Swarm.Format.Objects;

/// <summary>What the bytes of an object say, whether they are sound or not: for people who look at a damaged one.</summary>
/// <param name="Kind">What the object says that it is; <see cref="ObjectKind.None"/> when it says nothing known.</param>
/// <param name="Version">Version of the layout.</param>
/// <param name="MetaLength">Bytes of meta, as the header has it.</param>
/// <param name="PayloadLength">Bytes of payload, as the header has it.</param>
/// <param name="Faults">What is wrong, and at which bytes; empty when header and meta are sound.</param>
/// <param name="Meta">
/// The meta as far as it can be read, unverified: numbers, texts, lists, and bytes as text in hexadecimal digits.
/// </param>
public sealed record ObjectOutline(
    ObjectKind Kind,
    int Version,
    long MetaLength,
    ulong PayloadLength,
    IReadOnlyList<string> Faults,
    IReadOnlyList<object?> Meta)
{
    private const int MaxDepth = 16;
    private const int MaxItems = 4096;
    private const int ShownBytes = 32;

    /// <summary>Reads what is there. Throws nothing for any bytes.</summary>
    /// <param name="content">The object, or its first bytes.</param>
    /// <param name="objectLength">Length of the whole object as the store has it.</param>
    public static ObjectOutline Read(ReadOnlySpan<byte> content, long objectLength)
    {
        var faults = new List<string>();
        if (content.Length < ObjectHeader.SizeBytes)
        {
            faults.Add($"bytes 0 to {ObjectHeader.SizeBytes - 1}: the header is cut, {content.Length} bytes are there");
            return new ObjectOutline(ObjectKind.None, 0, 0, 0, faults, []);
        }

        var kind = (ObjectKind)content[4];
        var metaLength = BinaryPrimitives.ReadUInt32LittleEndian(content[24..]);
        var payloadLength = BinaryPrimitives.ReadUInt64LittleEndian(content[32..]);
        CheckHeader(content, faults);
        var metaEnd = Math.Min(ObjectHeader.SizeBytes + (long)metaLength, content.Length);
        var meta = content[ObjectHeader.SizeBytes..(int)metaEnd];
        var stored = BinaryPrimitives.ReadUInt64LittleEndian(content[40..]);
        if (meta.Length < metaLength)
        {
            faults.Add($"bytes {ObjectHeader.SizeBytes} on: {metaLength} bytes of meta are announced, {meta.Length} are there");
        }
        else if (XxHash3.HashToUInt64(meta) != stored)
        {
            faults.Add(
                $"bytes {ObjectHeader.SizeBytes} to {metaEnd - 1}: the meta has checksum {XxHash3.HashToUInt64(meta):x16}, "
                + $"the header says {stored:x16}");
        }

        if (payloadLength > long.MaxValue - ObjectHeader.MaxIndexBytes
            || objectLength != ObjectHeader.SizeBytes + metaLength + (long)payloadLength)
        {
            faults.Add(
                $"the object has {objectLength} bytes; its header says {ObjectHeader.SizeBytes} + {metaLength} + {payloadLength}");
        }

        var items = new List<object?>();
        ReadMeta(meta.ToArray(), items, faults);
        return new ObjectOutline(
            Enum.IsDefined(kind) ? kind : ObjectKind.None, content[5], metaLength, payloadLength, faults, items);
    }

    private static void CheckHeader(ReadOnlySpan<byte> content, List<string> faults)
    {
        try
        {
            ObjectHeader.Read(content);
        }
        catch (CorruptObjectException error)
        {
            faults.Add($"bytes 0 to {ObjectHeader.SizeBytes - 1}: {error.Message}");
        }
    }

    private static void ReadMeta(byte[] meta, List<object?> items, List<string> faults)
    {
        var reader = new MessagePackReader(meta);
        var budget = MaxItems;
        try
        {
            while (!reader.End && budget > 0)
            {
                ReadItem(ref reader, items, 0, ref budget);
            }
        }
        catch (Exception fault) when (fault is MessagePackSerializationException or EndOfStreamException or OverflowException)
        {
            faults.Add($"byte {ObjectHeader.SizeBytes + reader.Consumed}: {fault.Message}");
        }
    }

    private static void ReadItem(ref MessagePackReader reader, List<object?> items, int depth, ref int budget)
    {
        budget--;
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Array when depth < MaxDepth:
                var list = new List<object?>();
                items.Add(list);
                for (var count = reader.ReadArrayHeader(); count > 0 && budget > 0; count--)
                {
                    ReadItem(ref reader, list, depth + 1, ref budget);
                }

                break;
            case MessagePackType.Integer:
                var code = reader.NextCode;
                var isNegative = code >= MessagePackCode.MinNegativeFixInt || code is >= MessagePackCode.Int8 and <= MessagePackCode.Int64;
                items.Add(isNegative ? reader.ReadInt64() : reader.ReadUInt64());
                break;
            case MessagePackType.String:
                items.Add(reader.ReadString());
                break;
            case MessagePackType.Binary:
                var bytes = reader.ReadBytes() ?? default;
                var shown = Convert.ToHexStringLower(bytes.FirstSpan[..(int)Math.Min(bytes.Length, ShownBytes)]);
                items.Add(bytes.Length > ShownBytes ? $"{shown}… ({bytes.Length} bytes)" : shown);
                break;
            case MessagePackType.Nil:
                reader.ReadNil();
                items.Add(null);
                break;
            default:
                throw new MessagePackSerializationException($"a {reader.NextMessagePackType} is in no object");
        }
    }
}
