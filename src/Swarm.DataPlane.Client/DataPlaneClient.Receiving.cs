using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.Format.Frames;

namespace Swarm.DataPlane.Client;

/// <content>The reader: takes frames from the connection to whoever waits for them.</content>
public sealed partial class DataPlaneClient
{
    private async Task ReadAsync()
    {
        try
        {
            while (await Channel.ReceiveHeaderAsync().ConfigureAwait(false) is { } header)
            {
                using var head = await Channel.ReceiveHeadAsync(header).ConfigureAwait(false);
                if (header.Type == FrameType.KvRun)
                {
                    await ReceiveRunAsync(header, MessageReader.ReadAll<KvHead>(head.Memory.Span)).ConfigureAwait(false);
                }
                else
                {
                    Dispatch(header, head.Memory.Span);
                }
            }

            End(Lost("the silo closed it", null));
        }
        catch (ProtocolException exception)
        {
            End(Lost($"malformed bytes: {exception.Message}", exception));
        }
        catch (Exception exception)
        {
            End(Lost(exception.Message, exception));
        }
    }

    private async Task ReceiveRunAsync(FrameHeader header, KvHead head)
    {
        var pending = _pending.GetValueOrDefault(header.Correlation) as PendingKv;
        if (pending is null)
        {
            await Channel.SkipAsync(header.PayloadLength).ConfigureAwait(false); // Cancelled meanwhile.
            return;
        }

        if (pending.Target?.TryBegin(head, header.PayloadLength) is { } receiver)
        {
            await ReceiveInPlaceAsync(header, head, pending, receiver).ConfigureAwait(false);
            return;
        }

        var payload = await Channel.ReceiveAsync(header.PayloadLength).ConfigureAwait(false);
        if (!pending.Add(new ReceivedRun(head, payload, null)))
        {
            payload.Dispose();
        }
    }

    private async ValueTask ReceiveInPlaceAsync(FrameHeader header, KvHead head, PendingKv pending, KvPayloadReceiver receiver)
    {
        var target = pending.Target!;
        var isWhole = false;
        var received = 0;
        var opening = 0;
        try
        {
            received = await Channel.ReceiveAsync(receiver, target.GivenUp).ConfigureAwait(false);
            isWhole = received == header.PayloadLength && receiver.Fault is null;
        }
        finally
        {
            opening = target.End(head, isWhole);
        }

        if (received < header.PayloadLength)
        {
            // Given up. The runtime's memory is its owner's again: the rest goes nowhere, and the connection goes on.
            await Channel.SkipAsync(header.PayloadLength - received).ConfigureAwait(false);
            return;
        }

        pending.Add(new ReceivedRun(head, null, new KvInPlace(opening, receiver.Fault)));
        Post(FrameType.Credit, header.Attachment, header.Correlation, new Credit(header.PayloadLength));
    }

    private void Dispatch(FrameHeader header, ReadOnlySpan<byte> body)
    {
        switch (header.Type)
        {
            case FrameType.Pong:
                MessageReader.ReadAll<Empty>(body);
                break;
            case FrameType.Refused:
                Refuse(header, MessageReader.ReadAll<Refused>(body).Refusal);
                break;
            case FrameType.Credit or FrameType.Durable or FrameType.Fenced or FrameType.Moved:
                if (_attachments.TryGetValue(header.Attachment, out var attachment))
                {
                    attachment.OnPush(header.Type, body);
                }

                break;
            default:
                if (_pending.TryGetValue(header.Correlation, out var reply) && reply.Accept(header, body))
                {
                    Forget(header.Correlation);
                }

                break;
        }
    }

    private void Refuse(FrameHeader header, Refusal refusal)
    {
        if (_pending.TryRemove(header.Correlation, out var reply))
        {
            reply.Fail(refusal.ToException());
        }
        else if (header.Correlation == 0)
        {
            End(Lost(refusal.Message, refusal.ToException()));
        }
    }
}
