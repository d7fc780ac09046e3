using System.Buffers;
using Swarm.Core.Blocks;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of tenant records; see FORMAT.md, Tenant.</summary>
internal static class TenantCodec
{
    private const int Fields = 2;

    /// <summary>Encodes a tenant's record.</summary>
    public static byte[] Encode(string name, TenantKey key)
    {
        Names.RequireTenant(name);
        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(Fields);
        writer.Text(name);
        writer.Bytes(key.Bytes);
        writer.Flush();
        return ObjectCodec.Encode(ObjectKind.Tenant, meta.WrittenSpan);
    }

    /// <summary>Reads a tenant's record.</summary>
    public static (string Name, TenantKey Key) Read(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(Fields);
        var name = Names.RequireTenant(reader.Text(Names.MaxTenantLength));
        var key = new TenantKey(reader.Bytes(TenantKey.SizeBytes).Span);
        reader.EndFields(unknown);
        return (name, key);
    }
}
