using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

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
