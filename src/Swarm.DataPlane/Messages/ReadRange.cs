namespace Swarm.DataPlane.Messages;

/// <summary>A range of inputs or KV is wanted.</summary>
/// <param name="FirstPosition">First position.</param>
/// <param name="Count">Positions.</param>
/// <param name="Credit">For KV: bytes that may be sent without further credit.</param>
internal readonly record struct ReadRange(long FirstPosition, long Count, long Credit) : IMessage<ReadRange>
{
    public int EncodedLength => 3 * sizeof(long);

    public static ReadRange Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadPosition(), reader.ReadPosition());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(FirstPosition);
        writer.WritePosition(Count);
        writer.WritePosition(Credit);
    }
}
