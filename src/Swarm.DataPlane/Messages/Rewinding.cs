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

/// <summary>Epoch and watermarks: pushed, or the answer to an append or a rewind.</summary>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Durable">Watermarks.</param>
internal readonly record struct DurableState(ulong Epoch, Watermarks Durable) : IMessage<DurableState>
{
    public int EncodedLength => 3 * sizeof(ulong);

    public static DurableState Read(ref MessageReader reader) =>
        new(reader.ReadUInt64(), new Watermarks(reader.ReadPosition(), reader.ReadPosition()));

    public void Write(ref MessageWriter writer)
    {
        writer.WriteUInt64(Epoch);
        writer.WritePosition(Durable.Tokens);
        writer.WritePosition(Durable.Kv);
    }
}
