using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Bytes and rules of <see cref="PayloadRef"/>.</summary>
internal static class PayloadRefs
{
    /// <summary>Largest payload of a record, in bytes.</summary>
    public const int MaxBytes = Frames.KvPayload.MaxBytes;

    private const int Fields = 4;
    private const int ObjectFields = 5;

    /// <summary>Writes [object or nil, offset, length, checksum]; an object's context only where it is another one.</summary>
    public static void Write(ref MetaWriter writer, PayloadRef payload)
    {
        writer.Array(Fields);
        if (payload.Object == default)
        {
            writer.Nil();
        }
        else
        {
            var (volume, kind, owner, number, chunkId, context) = payload.Object;
            writer.Array(ObjectFields + (context is null ? 0 : 1));
            writer.Number(volume);
            writer.Number((int)kind);
            writer.Id(owner);
            writer.Number(number);
            writer.Id(chunkId);
            if (context is { } other)
            {
                writer.Context(other);
            }
        }

        writer.Number(payload.Offset);
        writer.Number(payload.Length);
        writer.Number(payload.Checksum);
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Check it by <see cref="Check"/> or <see cref="CheckNamed"/>.</summary>
    public static PayloadRef Read(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(Fields);
        var named = reader.TryNil() ? default : ReadObject(ref reader);
        var payload = new PayloadRef(named, reader.Position(), reader.Int32(), reader.UInt64());
        reader.EndFields(unknown);
        return payload;
    }

    /// <summary>Checks a reference that may be to the segment's own payload.</summary>
    /// <param name="payload">The reference.</param>
    /// <param name="ownLength">Bytes of the segment's own payload area.</param>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    public static void Check(PayloadRef payload, long ownLength)
    {
        if (payload.Object != default)
        {
            CheckNamed(payload);
            return;
        }

        CheckRange(payload);
        if (payload.Offset > ownLength - payload.Length)
        {
            throw new ArgumentException(
                $"Payload of {payload.Length} bytes at {payload.Offset} is outside the payload area of {ownLength}.");
        }
    }

    /// <summary>Checks a reference that has to name its object.</summary>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    public static void CheckNamed(PayloadRef payload)
    {
        CheckRange(payload);
        var (_, kind, _, number, chunkId, context) = payload.Object;
        var isValid = kind == ObjectKind.Segment
            ? chunkId.IsDefault && context is null
            : kind == ObjectKind.Chunk && number == 0;
        if (!isValid)
        {
            throw new ArgumentException($"{payload.Object} names no payload.");
        }
    }

    private static void CheckRange(PayloadRef payload)
    {
        if (payload.Offset < 0
            || payload.Length is < 0 or > MaxBytes
            || payload.Offset > long.MaxValue - payload.Length)
        {
            throw new ArgumentException(
                $"{payload.Length} bytes at {payload.Offset} are no payload; at most {MaxBytes} are allowed.");
        }
    }

    private static ObjectRef ReadObject(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(ObjectFields);
        var volume = reader.UInt32();
        var kind = reader.Int32();
        var named = new ObjectRef(
            checked((ushort)volume), (ObjectKind)kind, reader.Id(), reader.UInt64(), reader.Id());
        if (unknown > 0)
        {
            named = named with { Context = reader.Context() };
            unknown--;
        }

        reader.EndFields(unknown);
        return named == default ? throw new CorruptObjectException("An object reference names nothing.") : named;
    }
}
