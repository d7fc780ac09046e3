using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>A request was refused.</summary>
/// <param name="Refusal">Why.</param>
internal readonly record struct Refused(Refusal Refusal) : IMessage<Refused>
{
    public int EncodedLength => sizeof(int) + (2 * sizeof(ulong))
        + MessageWriter.TextLength(Cut(Refusal.Message)) + MessageWriter.TextLength(Cut(Refusal.Holder));

    public static Refused Read(ref MessageReader reader)
    {
        var code = (RefusalCode)reader.ReadInt32();
        var epoch = new Epoch(reader.ReadUInt64());
        var position = (long)reader.ReadUInt64();
        return new Refused(new Refusal(
            code, reader.ReadText(FrameLimits.MaxRefusalTextBytes), epoch, position, reader.ReadText(FrameLimits.MaxRefusalTextBytes)));
    }

    public void Write(ref MessageWriter writer)
    {
        writer.WriteInt32((int)Refusal.Code);
        writer.WriteUInt64(Refusal.CurrentEpoch.Value);
        writer.WriteUInt64((ulong)Refusal.Position);
        writer.WriteText(Cut(Refusal.Message));
        writer.WriteText(Cut(Refusal.Holder));
    }

    // A character has at most 3 bytes of UTF-8 per UTF-16 unit.
    private static string Cut(string text) => text.Length <= FrameLimits.MaxRefusalTextBytes / 3 ? text : text[..(FrameLimits.MaxRefusalTextBytes / 3)];
}
