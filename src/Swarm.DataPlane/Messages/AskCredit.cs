namespace Swarm.DataPlane.Messages;

/// <summary>KV is to be appended.</summary>
/// <param name="Needed">Bytes of the next record; 0 when credit is only given back.</param>
/// <param name="Wanted">Bytes that would be used at once; at least <paramref name="Needed"/>.</param>
/// <param name="Returned">
/// Credit that the client had left and gives back with this: whoever waits holds none, so that the parts of many who
/// wait cannot lock up the budget.
/// </param>
internal readonly record struct AskCredit(long Needed, long Wanted, long Returned) : IMessage<AskCredit>
{
    public int EncodedLength => 3 * sizeof(long);

    public static AskCredit Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadPosition(), reader.ReadPosition());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Needed);
        writer.WritePosition(Wanted);
        writer.WritePosition(Returned);
    }
}
