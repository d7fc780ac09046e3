using System.Buffers;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of a store's identity; see FORMAT.md, Store.</summary>
internal static class StoreCodec
{
    private const int Fields = 2;
    private static readonly long _lastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Encodes a store's identity.</summary>
    public static byte[] Encode(StoreIdentity identity)
    {
        var milliseconds = identity.Created.ToUnixTimeMilliseconds();
        if (identity.Id.IsDefault || milliseconds < 0)
        {
            throw new ArgumentException($"{identity} is no identity: it needs an id, and a time from 1970 on.", nameof(identity));
        }

        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(Fields);
        writer.Id(identity.Id);
        writer.Number(milliseconds);
        writer.Flush();
        return ObjectCodec.Encode(ObjectKind.Store, meta.WrittenSpan);
    }

    /// <summary>Reads a store's identity.</summary>
    public static StoreIdentity Read(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(Fields);
        var id = reader.Id();
        var milliseconds = reader.Int64();
        reader.EndFields(unknown);
        return !id.IsDefault && milliseconds >= 0 && milliseconds <= _lastMillisecond
            ? new StoreIdentity(id, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds))
            : throw new CorruptObjectException($"A store with id {id}, made {milliseconds} ms after 1970, is impossible.");
    }
}
