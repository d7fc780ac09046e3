using System.Buffers;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Bytes of segments and seals; see FORMAT.md, Segments.</summary>
public static class SegmentCodec
{
    /// <summary>First read of a segment, in bytes: almost every index fits.</summary>
    public const int ProbeBytes = 64 << 10;

    private const int Fields = 4;

    /// <summary>Encodes a segment or a seal. Payloads are referred to, not copied.</summary>
    /// <param name="segment">The index; own payload offsets are relative to the payload area.</param>
    /// <param name="payloads">Concatenated, they are the payload area; offsets must fit.</param>
    /// <param name="payloadStart">Offset of the payload area in the object.</param>
    /// <returns>The whole object; valid as long as the payloads are. Its first part is header and meta.</returns>
    /// <exception cref="ArgumentException">A record is not valid, or a seal has content.</exception>
    public static ReadOnlySequence<byte> Encode(
        Segment segment, IReadOnlyList<ReadOnlyMemory<byte>> payloads, out long payloadStart)
    {
        ArgumentNullException.ThrowIfNull(segment);
        ArgumentNullException.ThrowIfNull(payloads);
        var payloadLength = payloads.Sum(payload => (long)payload.Length);
        if (segment.IsSeal && (segment.Records.Count > 0 || payloadLength > 0))
        {
            throw new ArgumentException(
                $"A seal has {segment.Records.Count} records and {payloadLength} bytes of payload; it has none.",
                nameof(segment));
        }

        var meta = new ArrayBufferWriter<byte>();
        WriteMeta(meta, segment, payloadLength);
        var index = ObjectCodec.Encode(
            segment.IsSeal ? ObjectKind.Seal : ObjectKind.Segment, meta.WrittenSpan, payloadLength);
        payloadStart = index.Length;
        return SequencePart.Chain(index, payloads);
    }

    /// <summary>How many bytes from the start hold the whole index.</summary>
    /// <param name="prefix">At least the object header (fewer bytes are corrupt), from offset 0.</param>
    /// <returns>Header and index length; at most 64 MiB.</returns>
    /// <exception cref="CorruptObjectException">Not a segment or seal, damaged, or of an unknown version.</exception>
    public static int IndexEnd(ReadOnlySpan<byte> prefix) => ReadHeader(prefix).IndexEnd;

    /// <summary>Decodes an index. Own payload references come back absolute, with their object named.</summary>
    /// <param name="prefix">At least <see cref="IndexEnd"/> bytes from offset 0.</param>
    /// <param name="objectLength">Length of the whole object: a truncated one is corrupt.</param>
    /// <exception cref="CorruptObjectException">Damaged, or it needs what this build does not know.</exception>
    public static Segment Decode(ReadOnlySpan<byte> prefix, long objectLength)
    {
        var header = ReadHeader(prefix);
        ObjectCodec.RequireLength(header, objectLength);
        return ObjectCodec.DecodeMeta(header, prefix, (ref reader) => ReadMeta(ref reader, header));
    }

    /// <summary>Decodes the first bytes of a segment, up to its payload, whose length is not known apart.</summary>
    /// <exception cref="CorruptObjectException">Damaged, or it needs what this build does not know.</exception>
    internal static Segment DecodeHead(ReadOnlySpan<byte> head)
    {
        var header = ReadHeader(head);
        return head.Length == header.IndexEnd
            ? Decode(head, header.IndexEnd + header.PayloadLength)
            : throw new CorruptObjectException($"{header.Kind}: a head of {head.Length} bytes where {header.IndexEnd} are.");
    }

    private static ObjectHeader ReadHeader(ReadOnlySpan<byte> prefix)
    {
        var header = ObjectHeader.Read(prefix);
        var isSound = header.Kind == ObjectKind.Segment || (header.Kind == ObjectKind.Seal && header.PayloadLength == 0);
        return isSound
            ? header
            : throw new CorruptObjectException(
                $"{header.Kind} with {header.PayloadLength} bytes of payload where a segment or seal is needed.");
    }

    private static void WriteMeta(IBufferWriter<byte> meta, Segment segment, long payloadLength)
    {
        var writer = new MetaWriter(meta);
        writer.Array(Fields + (segment.Collected is not null ? 2 : segment.Assured is not null ? 1 : 0));
        writer.Id(segment.Writer);
        writer.Number(segment.Sequence);
        writer.Id(segment.Nonce);
        writer.Array(segment.Records.Count);
        var records = new RecordWriter();
        foreach (var record in segment.Records)
        {
            RecordRules.Check(record, payloadLength);
            records.Write(ref writer, record);
        }

        if (segment.Assured is { } assured)
        {
            writer.Number(assured);
        }
        else if (segment.Collected is not null)
        {
            writer.Nil();
        }

        if (segment.Collected is { } collected)
        {
            writer.Number(collected);
        }

        writer.Flush();
    }

    private static Segment ReadMeta(ref MetaReader reader, ObjectHeader header)
    {
        var unknown = reader.BeginFields(Fields);
        var (writer, sequence, nonce) = (reader.Id(), reader.UInt64(), reader.Id());
        var isSeal = header.Kind == ObjectKind.Seal;
        var count = reader.BeginList(isSeal ? 0 : int.MaxValue);
        var records = new List<LogRecord>();
        var self = ObjectRef.Segment(writer, sequence);
        for (var index = 0; index < count; index++)
        {
            var record = RecordReader.Read(ref reader, header.PayloadLength);
            if (record is not null)
            {
                records.Add(Locate(record, self, header.IndexEnd));
            }
        }

        var assured = OptionalNumber(ref reader, ref unknown);
        var collected = OptionalNumber(ref reader, ref unknown);
        reader.EndFields(unknown);
        return new Segment(writer, sequence, nonce, isSeal, records) { Assured = assured, Collected = collected };
    }

    private static ulong? OptionalNumber(ref MetaReader reader, ref int unknown)
    {
        if (unknown == 0)
        {
            return null;
        }

        unknown--;
        return reader.TryNil() ? null : reader.UInt64();
    }

    private static LogRecord Locate(LogRecord record, ObjectRef self, int payloadStart)
    {
        return record switch
        {
            KvRecord kv when kv.Payload.Object == default => kv with { Payload = Absolute(kv.Payload) },
            InputRecord input when input.Payload.Object == default => input with { Payload = Absolute(input.Payload) },
            _ => record,
        };

        PayloadRef Absolute(PayloadRef own) => own with { Object = self, Offset = payloadStart + own.Offset };
    }
}
