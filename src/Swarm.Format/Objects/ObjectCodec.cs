using System.IO.Hashing;
using MessagePack;

namespace Swarm.Format.Objects;

/// <summary>What all objects share: header, then meta, each under its checksum, then payload.</summary>
internal static class ObjectCodec
{
    /// <summary>Puts the header before a meta.</summary>
    /// <param name="kind">What the object is.</param>
    /// <param name="meta">Its MessagePack.</param>
    /// <param name="payloadLength">Bytes that will follow.</param>
    /// <returns>Header and meta.</returns>
    /// <exception cref="ArgumentException">The meta is over the limit.</exception>
    public static byte[] Encode(ObjectKind kind, ReadOnlySpan<byte> meta, long payloadLength = 0)
    {
        if (meta.Length > ObjectHeader.MaxIndexBytes - ObjectHeader.SizeBytes)
        {
            throw new ArgumentException(
                $"{kind}: {meta.Length} bytes of meta; at most {ObjectHeader.MaxIndexBytes - ObjectHeader.SizeBytes} "
                + "are allowed: write fewer records or items.",
                nameof(meta));
        }

        var content = new byte[ObjectHeader.SizeBytes + meta.Length];
        new ObjectHeader(kind, 0, 0, meta.Length, payloadLength, XxHash3.HashToUInt64(meta)).CopyTo(content);
        meta.CopyTo(content.AsSpan(ObjectHeader.SizeBytes));
        return content;
    }

    /// <summary>Reads a whole object that has no payload.</summary>
    /// <param name="kind">What it has to be.</param>
    /// <param name="content">The object.</param>
    /// <param name="body">Reads its meta.</param>
    /// <param name="header">Its header.</param>
    /// <exception cref="CorruptObjectException">It is not sound.</exception>
    public static T Decode<T>(ObjectKind kind, ReadOnlySpan<byte> content, MetaBody<T> body, out ObjectHeader header)
    {
        header = ObjectHeader.Read(content);
        if (header.Kind != kind)
        {
            throw new CorruptObjectException($"{header.Kind} where {kind} is needed.");
        }

        if (header.PayloadLength != 0)
        {
            throw new CorruptObjectException($"{kind}: {header.PayloadLength} bytes of payload where none belongs.");
        }

        RequireLength(header, content.Length);
        return DecodeMeta(header, content, body);
    }

    /// <inheritdoc cref="Decode{T}(ObjectKind, ReadOnlySpan{byte}, MetaBody{T}, out ObjectHeader)"/>
    public static T Decode<T>(ObjectKind kind, ReadOnlySpan<byte> content, MetaBody<T> body) =>
        Decode(kind, content, body, out _);

    /// <summary>Reads the meta of an object.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="prefix">The object from offset 0, at least its header and meta.</param>
    /// <param name="body">Reads the meta.</param>
    /// <exception cref="CorruptObjectException">It is not sound.</exception>
    public static T DecodeMeta<T>(ObjectHeader header, ReadOnlySpan<byte> prefix, MetaBody<T> body)
    {
        if (prefix.Length < header.IndexEnd)
        {
            throw new CorruptObjectException(
                $"{header.Kind}: {prefix.Length} bytes, but header and meta have {header.IndexEnd}.");
        }

        var meta = prefix[ObjectHeader.SizeBytes..header.IndexEnd];
        if (XxHash3.HashToUInt64(meta) != header.MetaChecksum)
        {
            throw new CorruptObjectException($"{header.Kind}: the meta does not match its checksum.");
        }

        return Guard(header.Kind, meta.ToArray(), body);
    }

    /// <summary>Checks the length of the whole object.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="objectLength">Its length as the store has it.</param>
    /// <exception cref="CorruptObjectException">It is cut, or has something behind its end.</exception>
    public static void RequireLength(ObjectHeader header, long objectLength)
    {
        if (objectLength != header.IndexEnd + header.PayloadLength)
        {
            throw new CorruptObjectException(
                $"{header.Kind}: {objectLength} bytes, but its header says "
                + $"{header.IndexEnd} and {header.PayloadLength} of payload.");
        }
    }

    /// <summary>Reads MessagePack, and says of every fault in it that the object is corrupt.</summary>
    /// <remarks>
    /// <see cref="ArgumentException"/> is how Core's types, and the rules that writers and readers share, refuse a value.
    /// </remarks>
    private static T Guard<T>(ObjectKind kind, ReadOnlyMemory<byte> meta, MetaBody<T> body)
    {
        try
        {
            var reader = new MetaReader(meta);
            var value = body(ref reader);
            reader.End();
            return value;
        }
        catch (CorruptObjectException fault)
        {
            throw new CorruptObjectException($"{kind}: {fault.Message}", fault.IsUnsupported);
        }
        catch (Exception fault) when (
            fault is MessagePackSerializationException or EndOfStreamException or OverflowException or ArgumentException)
        {
            throw new CorruptObjectException($"{kind}: {fault.Message}");
        }
    }
}
