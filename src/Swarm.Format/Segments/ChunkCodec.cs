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
}
