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
