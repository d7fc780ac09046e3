using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Reads what <see cref="RecordWriter"/> wrote, and skips what later builds may write.</summary>
internal static class RecordReader
{
    /// <summary>Reads the next record.</summary>
    /// <param name="reader">Where from.</param>
    /// <param name="ownLength">Bytes of the segment's payload area.</param>
    /// <returns>The record, checked; <see langword="null"/> for one that is not known and may be skipped.</returns>
    public static LogRecord? Read(ref MetaReader reader, long ownLength)
    {
        var unknown = reader.BeginFields(2);
        var type = checked((byte)reader.UInt32());
        var framed = reader.Bytes(ObjectHeader.MaxIndexBytes);
        reader.EndFields(unknown);

        var known = (RecordType)(type & ~RecordWriter.CriticalBit);
        if (!Enum.IsDefined(known))
        {
            return (type & RecordWriter.CriticalBit) == 0
                ? null
                : throw new CorruptObjectException(
                    $"A record of type {type} has to be known to read the segment, but is not to this build.",
                    isUnsupported: true);
        }

        var body = new MetaReader(framed);
        var fields = body.BeginFields(RecordWriter.FieldCount(known));
        var record = ReadBody(ref body, known);
        body.EndFields(fields);
        body.End();
        RecordRules.Check(record, ownLength);
        return record;
    }

    private static LogRecord ReadBody(ref MetaReader body, RecordType type)
    {
        var context = body.Context();
        var incarnationId = body.Id();
        var epoch = new Epoch(body.UInt64());
        body.Reserved(0, "Key version");
        switch (type)
        {
            case RecordType.Tokens:
                var position = body.Position();
                var (tokens, steps) = TokenRuns.Read(ref body);
                return new TokensRecord(context, incarnationId, epoch, position, tokens, steps, Hash(ref body));
            case RecordType.Input:
                return new InputRecord(
                    context, incarnationId, epoch, body.Position(), Digests(ref body), Hash(ref body), PayloadRefs.Read(ref body));
            case RecordType.Kv:
                return new KvRecord(
                    context, incarnationId, epoch, body.Position(), body.Int32(), Hash(ref body), PayloadRefs.Read(ref body));
            case RecordType.State:
                return new StateRecord(
                    context, incarnationId, epoch, body.Position(), body.Text(Names.MaxStateLength),
                    body.Bytes(NamedState.MaxBytes).ToArray());
            case RecordType.Epoch:
                return new EpochRecord(
                    context, incarnationId, epoch, body.Text(Names.MaxAgentLength), body.Digest(),
                    body.Text(Names.MaxAgentLength));
            case RecordType.Truncate:
                return new TruncateRecord(context, incarnationId, epoch, body.Position(), body.Position(), body.Digest());
            case RecordType.Fork:
                return new ForkRecord(context, incarnationId, epoch, body.Context(), body.Position());
            case RecordType.Trim:
                return new TrimRecord(context, incarnationId, epoch, body.Int32(), body.Position());
            default:
                throw new InvalidOperationException($"Record type {type} is known, and cannot be read.");
        }
    }

    private static BlockHash Hash(ref MetaReader body) => new(body.Digest());

    private static Digest256[] Digests(ref MetaReader body)
    {
        var bytes = body.Bytes(RecordRules.MaxInputs * Digest256.SizeBytes).Span;
        if (bytes.Length % Digest256.SizeBytes != 0)
        {
            throw new CorruptObjectException($"{bytes.Length} bytes are no digests of {Digest256.SizeBytes} bytes.");
        }

        var digests = new Digest256[bytes.Length / Digest256.SizeBytes];
        for (var index = 0; index < digests.Length; index++)
        {
            digests[index] = new Digest256(bytes.Slice(index * Digest256.SizeBytes, Digest256.SizeBytes));
        }

        return digests;
    }
}
