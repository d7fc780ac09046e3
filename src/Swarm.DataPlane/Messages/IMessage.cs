using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>A control frame's body, or the head of a KV frame's.</summary>
/// <typeparam name="TSelf">The message.</typeparam>
internal interface IMessage<TSelf>
    where TSelf : IMessage<TSelf>
{
    /// <summary>Flags of its frame.</summary>
    static virtual FrameFlags Flags => FrameFlags.None;

    /// <summary>Encoded size, in bytes.</summary>
    int EncodedLength { get; }

    /// <summary>Reads the message.</summary>
    /// <param name="reader">Positioned at its first byte.</param>
    /// <returns>The message; it refers to nothing of the reader's memory.</returns>
    static abstract TSelf Read(ref MessageReader reader);

    /// <summary>Writes exactly <see cref="EncodedLength"/> bytes.</summary>
    /// <param name="writer">Where to.</param>
    void Write(ref MessageWriter writer);
}

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
