namespace Swarm.DataPlane.Messages;

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
