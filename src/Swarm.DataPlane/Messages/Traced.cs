using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>A request with the trace context of its caller before it.</summary>
/// <typeparam name="TMessage">The request.</typeparam>
/// <param name="Trace">The caller's span.</param>
/// <param name="Message">The request.</param>
internal readonly record struct Traced<TMessage>(TraceContext Trace, TMessage Message) : IMessage<Traced<TMessage>>
    where TMessage : IMessage<TMessage>
{
    /// <inheritdoc/>
    public static FrameFlags Flags => FrameFlags.Traced;

    /// <inheritdoc/>
    public int EncodedLength => Trace.EncodedLength + Message.EncodedLength;

    /// <inheritdoc/>
    public static Traced<TMessage> Read(ref MessageReader reader) => new(TraceContext.Read(ref reader), TMessage.Read(ref reader));

    /// <inheritdoc/>
    public void Write(ref MessageWriter writer)
    {
        Trace.Write(ref writer);
        Message.Write(ref writer);
    }
}
