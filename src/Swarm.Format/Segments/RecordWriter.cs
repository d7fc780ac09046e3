using System.Buffers;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Writes records as a segment's index holds them; see FORMAT.md, Segments and seals.</summary>
internal sealed class RecordWriter
{
    /// <summary>Marks a type that a reader must know to read the segment at all.</summary>
    public const int CriticalBit = 0x80;

    /// <summary>Fields of every record: context, incarnation, epoch, key version.</summary>
    public const int CommonFields = 4;

    private readonly ArrayBufferWriter<byte> _body = new();

    /// <summary>Writes [type, framed body].</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="record">A record that <see cref="RecordRules.Check"/> lets pass.</param>
    public void Write(ref MetaWriter writer, LogRecord record)
    {
        _body.ResetWrittenCount();
        var body = new MetaWriter(_body);
        body.Array(FieldCount(record.Type));
        body.Context(record.Context);
        body.Id(record.IncarnationId);
        body.Number(record.Epoch.Value);
        body.Number(0); // Key version: not encrypted.
        WriteOwnFields(ref body, record);
        body.Flush();

        writer.Array(2);
        writer.Number((int)record.Type | CriticalBit);
        writer.Bytes(_body.WrittenSpan);
    }

    /// <summary>Fields of a record of a type, the common ones among them.</summary>
    public static int FieldCount(RecordType type) => CommonFields + type switch
    {
        RecordType.Tokens or RecordType.Input or RecordType.Kv => 4,
        RecordType.State or RecordType.Epoch or RecordType.Truncate => 3,
        _ => 2,
    };

    private static void WriteOwnFields(ref MetaWriter body, LogRecord record)
    {
        switch (record)
        {
            case TokensRecord tokens:
                body.Number(tokens.Position);
                TokenRuns.Write(ref body, tokens.Tokens.Span, tokens.Steps.Span);
                body.Digest(tokens.PrefixHash.Value);
                break;
            case InputRecord input:
                body.Number(input.Position);
                WriteDigests(ref body, input);
                body.Digest(input.PrefixHash.Value);
                PayloadRefs.Write(ref body, input.Payload);
                break;
            case KvRecord kv:
                body.Number(kv.Position);
                body.Number(kv.Count);
                body.Digest(kv.PrefixHash.Value);
                PayloadRefs.Write(ref body, kv.Payload);
                break;
            case StateRecord state:
                body.Number(state.Position);
                body.Text(state.Name);
                body.Bytes(state.Content.Span);
                break;
            case EpochRecord epoch:
                body.Text(epoch.Agent);
                body.Digest(epoch.SecretHash);
                body.Text(epoch.ReservedFor);
                break;
            case TruncateRecord truncate:
                body.Number(truncate.Length);
                body.Number(truncate.KvLength);
                body.Digest(truncate.SecretHash);
                break;
            case ForkRecord fork:
                body.Context(fork.Parent);
                body.Number(fork.Position);
                break;
            case TrimRecord trim:
                body.Number(trim.Group);
                body.Number(trim.FirstKept);
                break;
        }
    }

    private static void WriteDigests(ref MetaWriter body, InputRecord input)
    {
        Span<byte> buffer = stackalloc byte[Core.Identity.Digest256.SizeBytes];
        body.BytesHeader(input.Digests.Count * buffer.Length);
        foreach (var digest in input.Digests)
        {
            digest.CopyTo(buffer);
            body.Raw(buffer);
        }
    }
}
