using System.IO.Hashing;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>Frames as bytes.</summary>
internal static class RawFrame
{
    /// <summary>A well-formed frame around a message.</summary>
    public static byte[] Of<TMessage>(
        FrameType type, TMessage message, uint attachment, uint correlation, byte[]? payload = null)
        where TMessage : IMessage<TMessage>
    {
        payload ??= [];
        var bytes = new byte[FrameHeader.SizeBytes + message.EncodedLength];
        var head = bytes.AsSpan(FrameHeader.SizeBytes);
        var writer = new MessageWriter(head);
        message.Write(ref writer);
        new FrameHeader(
            type, attachment, correlation, head.Length + payload.Length, head.Length, XxHash3.HashToUInt64(head), TMessage.Flags).Write(bytes);
        return [.. bytes, .. payload];
    }
}
