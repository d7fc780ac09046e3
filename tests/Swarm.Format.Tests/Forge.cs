using System.Buffers.Binary;
using System.IO.Hashing;
using MessagePack;
using Swarm.Format.Objects;

namespace Swarm.Format.Tests;

/// <summary>Makes objects whose checksums hold although their content was never written by a codec.</summary>
internal static class Forge
{
    public static byte[] Meta(ReadOnlySpan<byte> content) => content[ObjectHeader.SizeBytes..MetaEnd(content)].ToArray();

    public static int MetaEnd(ReadOnlySpan<byte> content) =>
        ObjectHeader.SizeBytes + BinaryPrimitives.ReadInt32LittleEndian(content[24..]);

    /// <summary>The same object with another meta: lengths and checksums follow it.</summary>
    public static byte[] WithMeta(byte[] content, ReadOnlySpan<byte> meta)
    {
        byte[] forged = [.. content.AsSpan(0, ObjectHeader.SizeBytes), .. meta, .. content.AsSpan(MetaEnd(content))];
        BinaryPrimitives.WriteInt32LittleEndian(forged.AsSpan(24), meta.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(forged.AsSpan(40), XxHash3.HashToUInt64(meta));
        return WithHeader(forged, _ => { });
    }

    /// <summary>The same object with a changed header: its checksum follows.</summary>
    public static byte[] WithHeader(byte[] content, Action<byte[]> change)
    {
        byte[] forged = [.. content];
        change(forged);
        BinaryPrimitives.WriteUInt64LittleEndian(forged.AsSpan(56), XxHash3.HashToUInt64(forged.AsSpan(0, 56)));
        return forged;
    }

    /// <summary>The same MessagePack, with a field appended to its outermost array.</summary>
    public static byte[] AppendField(ReadOnlySpan<byte> meta, ReadOnlySpan<byte> field)
    {
        var reader = new MessagePackReader(meta.ToArray());
        var count = reader.ReadArrayHeader();
        var rest = meta[(int)reader.Consumed..];
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        var header = new MessagePackWriter(writer);
        header.WriteArrayHeader(count + 1);
        header.Flush();
        return [.. writer.WrittenSpan, .. rest, .. field];
    }
}
