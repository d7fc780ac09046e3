using System.Buffers;
using Swarm.Core.Identity;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Many segments of a log in one object, without their KV payload: recovery reads one instead of each.</summary>
/// <param name="Writer">The writer whose log it is.</param>
/// <param name="First">Number of the first segment.</param>
/// <param name="Segments">The segments, none missing in between and none a seal; at least one.</param>
public sealed record LogIndex(Id128 Writer, ulong First, IReadOnlyList<Segment> Segments);

/// <summary>Bytes of log indexes: heads of segments, as they are in the segments; see FORMAT.md, Log indexes.</summary>
public static class LogIndexCodec
{
    /// <summary>Most segments of an index.</summary>
    public const int MaxSegments = 4096;

    /// <summary>Most bytes of an index, all in all.</summary>
    public const int MaxBytes = 64 << 20;

    private const int Fields = 3;

    /// <summary>Encodes an index. The heads are referred to, not copied.</summary>
    /// <param name="writer">The writer whose log it is.</param>
    /// <param name="first">Number of the first segment.</param>
    /// <param name="heads">The segments' first bytes, up to their payload, in order: 1 to <see cref="MaxSegments"/>.</param>
    /// <returns>The whole object; valid as long as the heads are.</returns>
    /// <exception cref="ArgumentException">Too few or too many segments, or bytes.</exception>
    public static ReadOnlySequence<byte> Encode(Id128 writer, ulong first, IReadOnlyList<ReadOnlyMemory<byte>> heads)
    {
        ArgumentNullException.ThrowIfNull(heads);
        var payloadLength = heads.Sum(head => (long)head.Length);
        if (heads.Count is 0 or > MaxSegments)
        {
            throw new ArgumentException($"{heads.Count} segments; an index has 1 to {MaxSegments}.", nameof(heads));
        }

        var meta = new ArrayBufferWriter<byte>();
        var fields = new MetaWriter(meta);
        fields.Array(Fields);
        fields.Id(writer);
        fields.Number(first);
        fields.Array(heads.Count);
        foreach (var head in heads)
        {
            fields.Number(head.Length);
        }

        fields.Flush();
        var start = ObjectCodec.Encode(ObjectKind.LogIndex, meta.WrittenSpan, payloadLength);
        return start.Length + payloadLength <= MaxBytes
            ? SequencePart.Chain(start, heads)
            : throw new ArgumentException(
                $"{heads.Count} segments have {payloadLength} bytes of heads; an index has at most {MaxBytes} bytes.", nameof(heads));
    }

    /// <summary>Decodes an index.</summary>
    /// <param name="content">The whole object.</param>
    /// <exception cref="CorruptObjectException">Damaged, or it needs what this build does not know.</exception>
    public static LogIndex Decode(ReadOnlySpan<byte> content)
    {
        var header = ObjectHeader.Read(content);
        if (header.Kind != ObjectKind.LogIndex)
        {
            throw new CorruptObjectException($"{header.Kind} where {ObjectKind.LogIndex} is needed.");
        }

        ObjectCodec.RequireLength(header, content.Length);
        var (writer, first, lengths) = ObjectCodec.DecodeMeta(header, content, ReadMeta);
        if (lengths.Sum(length => (long)length) != header.PayloadLength)
        {
            throw new CorruptObjectException(
                $"{ObjectKind.LogIndex}: its heads have {lengths.Sum(length => (long)length)} bytes, its payload {header.PayloadLength}.");
        }

        var segments = new Segment[lengths.Length];
        var offset = header.IndexEnd;
        for (var index = 0; index < segments.Length; index++)
        {
            var segment = SegmentCodec.DecodeHead(content.Slice(offset, lengths[index]));
            segments[index] = segment.Writer == writer && segment.Sequence == first + (ulong)index && !segment.IsSeal
                ? segment
                : throw new CorruptObjectException(
                    $"{ObjectKind.LogIndex}: {segment.Writer}/{segment.Sequence} where {writer}/{first + (ulong)index} is needed.");
            offset += lengths[index];
        }

        return new LogIndex(writer, first, segments);
    }

    private static (Id128 Writer, ulong First, int[] Lengths) ReadMeta(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(Fields);
        var (writer, first) = (reader.Id(), reader.UInt64());
        var lengths = new int[reader.BeginList(MaxSegments)];
        for (var index = 0; index < lengths.Length; index++)
        {
            lengths[index] = reader.Int32();
            ArgumentOutOfRangeException.ThrowIfNegative(lengths[index]);
        }

        reader.EndFields(unknown);
        ArgumentOutOfRangeException.ThrowIfZero(lengths.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, ulong.MaxValue - MaxSegments);
        return (writer, first, lengths);
    }
}
