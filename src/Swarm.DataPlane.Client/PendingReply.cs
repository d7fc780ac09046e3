using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

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

/// <summary>A request that is answered by one frame.</summary>
/// <typeparam name="TMessage">The answer.</typeparam>
/// <param name="expected">The answer's type.</param>
internal sealed class PendingReply<TMessage>(FrameType expected) : PendingReply
    where TMessage : IMessage<TMessage>
{
    private readonly TaskCompletionSource<TMessage> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The answer.</summary>
    public Task<TMessage> Answer => _answer.Task;

    public override bool Accept(FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Type != expected)
        {
            throw new ProtocolException($"a {header.Type} frame answers a request that wants {expected}");
        }

        _answer.TrySetResult(MessageReader.ReadAll<TMessage>(body));
        return true;
    }

    public override void Fail(Exception exception)
    {
        _answer.TrySetException(exception);
        _ = _answer.Task.Exception; // Seen, should nobody wait for it any more.
    }
}

/// <summary>An attach that waits for its answer.</summary>
/// <param name="client">The connection.</param>
/// <param name="create">Makes the attachment.</param>
internal sealed class PendingAttach(DataPlaneClient client, Func<Attached, DataPlaneAttachment> create) : PendingReply
{
    private const int Waiting = 0;
    private const int Answered = 1;
    private const int Abandoned = 2;

    private readonly TaskCompletionSource<DataPlaneAttachment> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    /// <summary>The attachment, once it is known.</summary>
    public Task<DataPlaneAttachment> Done => _done.Task;

    /// <summary>Says that nobody waits any more: an attachment that is still made is detached as soon as it is known.</summary>
    /// <returns><see langword="false"/> if the answer has come: take it from <see cref="Done"/>.</returns>
    public bool TryAbandon() => Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting;

    public override bool Accept(FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Type != FrameType.Attached)
        {
            throw new ProtocolException($"a {header.Type} frame answers an attach");
        }

        var attached = MessageReader.ReadAll<Attached>(body);
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) == Abandoned)
        {
            client.EndAbandoned(attached.Attachment);
            return true;
        }

        // Before the reader takes the next frame, which may be a push.
        var attachment = create(attached);
        client.Add(attachment);
        _done.TrySetResult(attachment);
        return true;
    }

    public override void Fail(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) == Abandoned)
        {
            client.EndAbandoned(attachment: null);
        }

        _done.TrySetException(exception);
        _ = _done.Task.Exception; // Seen, should nobody wait for it any more.
    }
}
