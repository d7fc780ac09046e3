using Swarm.Core.Identity;

namespace Swarm.DataPlane.Messages;

/// <summary>An attachment's id, and what its context is.</summary>
/// <param name="Attachment">The id; never 0.</param>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Durable">Watermarks.</param>
/// <param name="Model">Fingerprint of the model.</param>
/// <param name="BlockTokens">Positions of a block.</param>
/// <param name="TenantKey">Key of the tenant's block hashes.</param>
/// <param name="IngestBytes">KV bytes that the attachment may have in flight.</param>
internal readonly record struct Attached(
    uint Attachment,
    ulong Epoch,
    Watermarks Durable,
    Digest256 Model,
    int BlockTokens,
    byte[] TenantKey,
    int IngestBytes) : IMessage<Attached>
{
    public int EncodedLength => (3 * sizeof(int)) + (3 * sizeof(ulong)) + Digest256.SizeBytes + Core.Blocks.TenantKey.SizeBytes;

    public static Attached Read(ref MessageReader reader) =>
        new(
            reader.ReadUInt32(),
            reader.ReadUInt64(),
            new Watermarks(reader.ReadPosition(), reader.ReadPosition()),
            reader.ReadDigest(),
            reader.ReadInt32(),
            reader.ReadBytes(Core.Blocks.TenantKey.SizeBytes).ToArray(),
            reader.ReadInt32());

    public void Write(ref MessageWriter writer)
    {
        writer.WriteUInt32(Attachment);
        writer.WriteUInt64(Epoch);
        writer.WritePosition(Durable.Tokens);
        writer.WritePosition(Durable.Kv);
        writer.WriteDigest(Model);
        writer.WriteInt32(BlockTokens);
        writer.WriteBytes(TenantKey);
        writer.WriteInt32(IngestBytes);
    }
}
