namespace Swarm.DataPlane.Messages;

/// <summary>Somebody wants to read.</summary>
/// <param name="Context">Context name.</param>
internal readonly record struct AttachReader(string Context) : IMessage<AttachReader>
{
    public int EncodedLength => MessageWriter.TextLength(Context);

    public static AttachReader Read(ref MessageReader reader) =>
        new(reader.ReadText(Names.MaxContextLength));

    public void Write(ref MessageWriter writer)
    {
        writer.WriteText(Context);
    }
}
