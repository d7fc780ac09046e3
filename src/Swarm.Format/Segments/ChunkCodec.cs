using System.Buffers;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Bytes of chunks: KV payload of one context, and nothing else; see FORMAT.md, Chunks.</summary>
public static class ChunkCodec
{
    /// <summary>Encodes a chunk. The payload is referred to, not copied.</summary>
    /// <param name="payload">KV frames of one record, or of several one behind the other.</param>
    /// <param name="payloadStart">Offset of the payload in the object.</param>
    /// <returns>The whole object; valid as long as the payload is.</returns>
    public static ReadOnlySequence<byte> Encode(ReadOnlyMemory<byte> payload, out long payloadStart)
    {
        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(0);
        writer.Flush();
        var header = ObjectCodec.Encode(ObjectKind.Chunk, meta.WrittenSpan, payload.Length);
        payloadStart = header.Length;
        return SequencePart.Chain(header, [payload]);
    }

    /// <summary>How many bytes from the start hold header and meta.</summary>
    /// <param name="prefix">At least the object header (fewer bytes are corrupt), from offset 0.</param>
    /// <returns>Offset of the payload.</returns>
    /// <exception cref="CorruptObjectException">Not a chunk, damaged, or of an unknown version.</exception>
    public static int IndexEnd(ReadOnlySpan<byte> prefix) => ReadHeader(prefix).IndexEnd;

    /// <summary>Checks header and meta, which no read of KV looks at.</summary>
    /// <param name="prefix">At least <see cref="IndexEnd"/> bytes from offset 0.</param>
    /// <param name="objectLength">Length of the whole object: a truncated one is corrupt.</param>
    /// <returns>Offset of the payload.</returns>
    /// <exception cref="CorruptObjectException">Not a chunk, damaged, cut, or of an unknown version.</exception>
    public static int PayloadStart(ReadOnlySpan<byte> prefix, long objectLength)
    {
        var header = ReadHeader(prefix);
        ObjectCodec.RequireLength(header, objectLength);
        return ObjectCodec.DecodeMeta(header, prefix, (ref reader) =>
        {
            reader.EndFields(reader.BeginFields(0));
            return header.IndexEnd;
        });
    }

    private static ObjectHeader ReadHeader(ReadOnlySpan<byte> prefix)
    {
        var header = ObjectHeader.Read(prefix);
        return header.Kind == ObjectKind.Chunk
            ? header
            : throw new CorruptObjectException($"{header.Kind} where {ObjectKind.Chunk} is needed.");
    }
}
