using System.Buffers;
using Swarm.Core.Identity;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>What is known of a segment that was durable and is lost. As long as it is there, what lies behind the segment stays.</summary>
/// <param name="Writer">The writer whose log it was in.</param>
/// <param name="Sequence">The segment's number.</param>
/// <param name="Last">The last number behind it that was there when it was missed.</param>
/// <param name="Behind">How many segments and seals were there behind it.</param>
/// <param name="Found">When it was missed, in milliseconds.</param>
public sealed record LogDamage(Id128 Writer, ulong Sequence, ulong Last, long Behind, DateTimeOffset Found);

/// <summary>Bytes of what is known of lost segments; see FORMAT.md, Lost segments.</summary>
public static class LogDamageCodec
{
    private const int Fields = 5;

    /// <summary>Encodes a note.</summary>
    public static byte[] Encode(LogDamage damage)
    {
        ArgumentNullException.ThrowIfNull(damage);
        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(Fields);
        writer.Id(damage.Writer);
        writer.Number(damage.Sequence);
        writer.Number(damage.Last);
        writer.Number(damage.Behind);
        writer.Number(damage.Found.ToUnixTimeMilliseconds());
        writer.Flush();
        return ObjectCodec.Encode(ObjectKind.LogDamage, meta.WrittenSpan);
    }

    /// <summary>Decodes a note.</summary>
    /// <exception cref="CorruptObjectException">Damaged, or it needs what this build does not know.</exception>
    public static LogDamage Decode(ReadOnlySpan<byte> content) => ObjectCodec.Decode(ObjectKind.LogDamage, content, Read);

    private static LogDamage Read(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(Fields);
        var (writer, sequence, last, behind, found) =
            (reader.Id(), reader.UInt64(), reader.UInt64(), reader.Position(), reader.Position());
        reader.EndFields(unknown);
        return found <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new LogDamage(writer, sequence, last, behind, DateTimeOffset.FromUnixTimeMilliseconds(found))
            : throw new CorruptObjectException($"A time of {found} ms is out of range.");
    }
}
