using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

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
