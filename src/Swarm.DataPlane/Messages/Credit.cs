namespace Swarm.DataPlane.Messages;

/// <summary>So many more bytes of KV payload may be sent.</summary>
/// <param name="Bytes">Bytes.</param>
internal readonly record struct Credit(long Bytes) : IMessage<Credit>
{
    public int EncodedLength => sizeof(long);

    public static Credit Read(ref MessageReader reader) =>
        new(reader.ReadPosition());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Bytes);
    }
}
