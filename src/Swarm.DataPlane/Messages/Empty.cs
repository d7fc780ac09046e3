namespace Swarm.DataPlane.Messages;

/// <summary>The body of a frame whose header says it all.</summary>
internal readonly record struct Empty : IMessage<Empty>
{
    public int EncodedLength => 0;

    public static Empty Read(ref MessageReader reader) => default;

    public void Write(ref MessageWriter writer)
    {
        // Nothing to write.
    }
}
