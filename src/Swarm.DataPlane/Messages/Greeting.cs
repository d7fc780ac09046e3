using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>The client's greeting.</summary>
/// <param name="Version">Protocol version of the client.</param>
/// <param name="Features">Features that the client has.</param>
/// <param name="Tenant">Tenant name.</param>
/// <param name="Token">The tenant's token, or empty.</param>
internal readonly record struct Hello(ushort Version, ulong Features, string Tenant, string Token) : IMessage<Hello>
{
    public const ushort CurrentVersion = 2;

    public int EncodedLength => sizeof(int) + sizeof(ulong) + MessageWriter.TextLength(Tenant) + MessageWriter.TextLength(Token);

    public static Hello Read(ref MessageReader reader) =>
        new(
            reader.ReadVersion(),
            reader.ReadUInt64(),
            reader.ReadText(FrameLimits.MaxCredentialBytes),
            reader.ReadText(FrameLimits.MaxCredentialBytes));

    public void Write(ref MessageWriter writer)
    {
        writer.WriteInt32(Version);
        writer.WriteUInt64(Features);
        writer.WriteText(Tenant);
        writer.WriteText(Token);
    }
}

/// <summary>The server's answer to a greeting.</summary>
/// <param name="Version">Protocol version of the server.</param>
/// <param name="Features">Features that both have.</param>
/// <param name="MaxAttachments">Attachments of one connection.</param>
/// <param name="MaxPendingRequests">Unanswered requests of one attachment, and unanswered attaches of the connection.</param>
/// <param name="MaxRecordBytes">Largest KV payload.</param>
/// <param name="Port">The server's port of this connection; only with <see cref="FeatureBits.LocalSocket"/>.</param>
/// <param name="LocalName">Name of its Unix domain socket, see <see cref="LocalSocket"/>; only with that too.</param>
internal readonly record struct Welcome(
    ushort Version,
    ulong Features,
    int MaxAttachments,
    int MaxPendingRequests,
    int MaxRecordBytes,
    int Port = 0,
    string LocalName = "") : IMessage<Welcome>
{
    public int EncodedLength =>
        (4 * sizeof(int)) + sizeof(ulong) + (HasLocalSocket(Features) ? sizeof(int) + MessageWriter.TextLength(LocalName) : 0);

    public static Welcome Read(ref MessageReader reader)
    {
        var welcome = new Welcome(reader.ReadVersion(), reader.ReadUInt64(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        return HasLocalSocket(welcome.Features)
            ? welcome with { Port = reader.ReadInt32(), LocalName = reader.ReadText(LocalSocket.MaxNameBytes) }
            : welcome;
    }

    public void Write(ref MessageWriter writer)
    {
        writer.WriteInt32(Version);
        writer.WriteUInt64(Features);
        writer.WriteInt32(MaxAttachments);
        writer.WriteInt32(MaxPendingRequests);
        writer.WriteInt32(MaxRecordBytes);
        if (HasLocalSocket(Features))
        {
            writer.WriteInt32(Port);
            writer.WriteText(LocalName);
        }
    }

    private static bool HasLocalSocket(ulong features) => (features & FeatureBits.LocalSocket) != 0;
}
