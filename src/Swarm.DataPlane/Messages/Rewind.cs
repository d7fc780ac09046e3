using Swarm.Core.Sessions;

namespace Swarm.DataPlane.Messages;

/// <summary>Cut the context back.</summary>
/// <param name="Length">Positions to keep.</param>
/// <param name="Secret">The session's secret from then on.</param>
internal readonly record struct Rewind(long Length, byte[] Secret) : IMessage<Rewind>
{
    public int EncodedLength => sizeof(long) + SessionSecret.SizeBytes;

    public static Rewind Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadBytes(SessionSecret.SizeBytes).ToArray());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Length);
        writer.WriteBytes(Secret);
    }
}
