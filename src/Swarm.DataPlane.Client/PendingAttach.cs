using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

/// <summary>An attach that waits for its answer.</summary>
/// <param name="attach">Makes the attachment known, before the reader takes the next frame.</param>
internal sealed class PendingAttach(Action<Attached> attach) : PendingReply
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the attachment is known.</summary>
    public Task Done => _done.Task;

    public override bool Accept(FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Type != FrameType.Attached)
        {
            throw new ProtocolException($"a {header.Type} frame answers an attach");
        }

        attach(MessageReader.ReadAll<Attached>(body));
        _done.TrySetResult();
        return true;
    }

    public override void Fail(Exception exception)
    {
        _done.TrySetException(exception);
        _ = _done.Task.Exception; // Seen, should nobody wait for it any more.
    }
}
