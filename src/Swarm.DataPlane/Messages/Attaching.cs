using Swarm.Core.Identity;
using Swarm.Core.Sessions;

namespace Swarm.DataPlane.Messages;

/// <summary>A session wants to append.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Epoch">Epoch granted.</param>
/// <param name="Secret">The session's secret.</param>
internal readonly record struct Attach(string Context, ulong Epoch, byte[] Secret) : IMessage<Attach>
{
    public int EncodedLength => MessageWriter.TextLength(Context) + sizeof(ulong) + SessionSecret.SizeBytes;

    public static Attach Read(ref MessageReader reader) =>
        new(reader.ReadText(Names.MaxContextLength), reader.ReadUInt64(), reader.ReadBytes(SessionSecret.SizeBytes).ToArray());

    public void Write(ref MessageWriter writer)
    {
        writer.WriteText(Context);
        writer.WriteUInt64(Epoch);
        writer.WriteBytes(Secret);
    }
}

/// <summary>Somebody wants to read.</summary>
/// <param name="Context">Context name.</param>
internal readonly record struct AttachReader(string Context) : IMessage<AttachReader>
{
    public int EncodedLength => MessageWriter.TextLength(Context);

    public static AttachReader Read(ref MessageReader reader) =>
        new(reader.ReadText(Names.MaxContextLength));

    public void Write(ref MessageWriter writer)
    {
        writer.WriteText(Context);
    }
}

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
