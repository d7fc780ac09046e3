namespace Swarm.DataPlane.Messages;

/// <summary>KV is to be appended.</summary>
/// <param name="Needed">Bytes without which the next record cannot be sent.</param>
/// <param name="Wanted">Bytes that would be used at once; at least <paramref name="Needed"/>.</param>
internal readonly record struct AskCredit(long Needed, long Wanted) : IMessage<AskCredit>
{
    public int EncodedLength => 2 * sizeof(long);

    public static AskCredit Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadPosition());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Needed);
        writer.WritePosition(Wanted);
    }
}
