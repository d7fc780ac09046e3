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
