using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Client;

/// <summary>A request that waits for its answer.</summary>
internal abstract class PendingReply
{
    /// <summary>The attachment that asked; 0 for none.</summary>
    public uint Attachment { get; init; }

    /// <summary>Whether the silo goes on answering until it is told to stop.</summary>
    public virtual bool IsStream => false;

    /// <summary>Takes a frame of the answer. Called by the connection's reader.</summary>
    /// <returns>Whether the answer is complete.</returns>
    /// <exception cref="ProtocolException">The frame does not belong here.</exception>
    public abstract bool Accept(FrameHeader header, ReadOnlySpan<byte> body);

    /// <summary>Ends the wait.</summary>
    public abstract void Fail(Exception exception);
}
