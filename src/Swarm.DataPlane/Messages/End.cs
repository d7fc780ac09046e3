namespace Swarm.DataPlane.Messages;

/// <summary>An answer of several frames is complete.</summary>
/// <param name="NextPosition">Position behind the last one sent.</param>
/// <param name="Complete">Whether all that was asked for, and is durable, was sent.</param>
internal readonly record struct End(long NextPosition, bool Complete) : IMessage<End>
{
    public int EncodedLength => sizeof(long) + 1;

    public static End Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadByte() != 0);

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(NextPosition);
        writer.WriteByte(Complete ? (byte)1 : (byte)0);
    }
}
