using System.Collections.Concurrent;
using System.Diagnostics;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Transport;

namespace Swarm.DataPlane.Server;

/// <summary>Receives a greeted connection's frames, and calls the contexts in the order in which they came.</summary>
/// <param name="connection">The connection.</param>
/// <param name="channel">Its frames.</param>
internal sealed class RequestDispatcher(ServerConnection connection, FrameChannel channel)
{
    private readonly ConcurrentDictionary<uint, ServerRead> _reads = new();
    private readonly AttachHandler _attach = new(connection);
    private ActivityContext _caller; // Of the frame that is being dispatched.
    private int _pendingAttaches;

    /// <summary>Serves frames until the peer ends the stream.</summary>
    /// <exception cref="ProtocolException">The peer broke the protocol.</exception>
    public async Task RunAsync()
    {
        while (await channel.ReceiveHeaderAsync().ConfigureAwait(false) is { } header)
        {
            _caller = default;
            if (header.Type == FrameType.AppendKv)
            {
                await ReceiveKvAsync(header).ConfigureAwait(false);
                continue;
            }

            using var body = await channel.ReceiveHeadAsync(header).ConfigureAwait(false);
            Dispatch(header, body.Memory.Span);
        }
    }

    private void Dispatch(FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Flags == FrameFlags.Traced)
        {
            _caller = ReadCaller(ref body);
        }

        switch (header.Type)
        {
            case FrameType.Ping:
                MessageReader.ReadAll<Empty>(body);
                connection.Post(FrameType.Pong, 0, header.Correlation, default(Empty));
                break;
            case FrameType.Heartbeat:
                MessageReader.ReadAll<Empty>(body);
                OnHeartbeat(header);
                break;
            case FrameType.AppendInputs:
                AppendInputs(header, MessageReader.ReadAll<InputList>(body));
                break;
            case FrameType.AskCredit:
                AskCredit(header, MessageReader.ReadAll<AskCredit>(body));
                break;
            case FrameType.Credit:
                var credit = MessageReader.ReadAll<Credit>(body).Bytes;
                if (_reads.TryGetValue(header.Correlation, out var read))
                {
                    read.AddCredit(credit);
                }

                break;
            case FrameType.Cancel:
                MessageReader.ReadAll<Empty>(body);
                if (_reads.TryGetValue(header.Correlation, out var cancelled))
                {
                    cancelled.Cancel();
                }

                break;
            case FrameType.Attach:
                var attach = MessageReader.ReadAll<Attach>(body);
                StartAttach(header, () => _attach.AttachAsync(header.Correlation, attach));
                break;
            case FrameType.AttachReader:
                var reader = MessageReader.ReadAll<AttachReader>(body);
                StartAttach(header, () => _attach.AttachReaderAsync(header.Correlation, reader));
                break;
            case FrameType.Detach:
                MessageReader.ReadAll<Empty>(body);
                if (connection.Find(header.Attachment) is { } detached)
                {
                    connection.Remove(detached);
                }

                break;
            case FrameType.Rewind:
                var rewind = MessageReader.ReadAll<Rewind>(body);
                Start(header, "rewind", attachment => RewindAsync(header, attachment, rewind));
                break;
            case FrameType.ReadInputs:
            case FrameType.ReadKv:
                StartRead(header, MessageReader.ReadAll<ReadRange>(body));
                break;
            case FrameType.ReadStates:
                MessageReader.ReadAll<Empty>(body);
                StartRead(header, default);
                break;
            case FrameType.Follow when (connection.Features & FeatureBits.Follow) != 0:
                var follow = MessageReader.ReadAll<Follow>(body);
                StartRead(header, "follow", follow.Credit, (attachment, read) => FollowAsync(header, attachment, read, follow.From));
                break;
            default:
                throw new ProtocolException($"a {header.Type} frame is not for a server");
        }
    }

    private ActivityContext ReadCaller(ref ReadOnlySpan<byte> body) => (connection.Features & FeatureBits.TraceContext) != 0
        ? MessageReader.ReadFirst<TraceContext>(ref body).ToParent()
        : throw new ProtocolException("a frame carries a trace context, which the greeting did not announce");

    private void OnHeartbeat(FrameHeader header)
    {
        if (connection.Find(header.Attachment) is not { } attachment)
        {
            return; // The push that said so is on its way.
        }

        try
        {
            attachment.Context.RecordHeartbeat(attachment.Proof);
        }
        catch (SwarmRefusedException)
        {
            // The watch loop says what happened.
        }
    }

    private void AskCredit(FrameHeader header, AskCredit ask)
    {
        if (ask.Needed > connection.Budget.TotalBytes)
        {
            throw new ProtocolException(
                $"credit of {ask.Needed} bytes was asked for, over the budget of {connection.Budget.TotalBytes}");
        }

        if (connection.Find(header.Attachment) is { } attachment
            && !connection.Budget.TryAsk(attachment.Account, ask.Needed, ask.Wanted, ask.Returned))
        {
            throw new ProtocolException($"credit of {ask.Returned} bytes was given back, more than was granted");
        }
    }

    private void AppendInputs(FrameHeader header, InputList inputs)
    {
        var bytes = header.Length;
        Start(header, "append", async attachment =>
        {
            if (!attachment.TryHoldInputs(bytes))
            {
                throw new SwarmRefusedException(new Refusal(
                    RefusalCode.Busy,
                    $"More than {connection.Options.MaxPendingInputBytes} bytes of inputs of one session are on their way; wait for answers."));
            }

            SessionProof proof;
            Watermarks durable;
            try
            {
                proof = attachment.Proof;
                durable = await attachment.Context.AppendInputsAsync(
                    proof, inputs.Run, inputs.States.States, CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                attachment.ReleaseInputs(bytes); // Before the answer: whoever has it may send as much at once.
            }

            await AnswerAppendAsync(header, proof, durable).ConfigureAwait(false);
        });
    }

    private async ValueTask ReceiveKvAsync(FrameHeader header)
    {
        KvHead head;
        using (var received = await channel.ReceiveHeadAsync(header).ConfigureAwait(false))
        {
            head = MessageReader.ReadAll<KvHead>(received.Memory.Span);
        }

        var bytes = header.PayloadLength;
        if (connection.Find(header.Attachment) is not { } attachment)
        {
            await channel.SkipAsync(bytes).ConfigureAwait(false);
            RefuseGone(header);
            return;
        }

        if (!connection.Budget.TryUse(attachment.Account, bytes))
        {
            if (!ReferenceEquals(connection.Find(header.Attachment), attachment))
            {
                await channel.SkipAsync(bytes).ConfigureAwait(false);
                RefuseGone(header);
                return;
            }

            throw new ProtocolException($"{bytes} bytes of KV came without credit");
        }

        PooledBuffer payload;
        try
        {
            payload = await channel.ReceiveAsync(bytes).ConfigureAwait(false);
        }
        catch
        {
            connection.Budget.Done(attachment.Account, bytes);
            throw;
        }

        var held = 1;
        void GiveBack()
        {
            if (Interlocked.Exchange(ref held, 0) == 1)
            {
                payload.Dispose();
                connection.Budget.Done(attachment.Account, bytes);
            }
        }

        Start(header, "append", async found =>
        {
            try
            {
                // The context verifies the payload's own checksums: hashed once.
                var proof = found.Proof;
                var durable = await found.Context.AppendKvAsync(
                    proof,
                    new KvAppend(head.FirstPosition, head.Count, new BlockHash(head.PrefixHash), payload.Memory),
                    CancellationToken.None).ConfigureAwait(false);
                GiveBack(); // Before the answer: whoever has it may ask for credit at once.
                await AnswerAppendAsync(header, proof, durable).ConfigureAwait(false);
            }
            finally
            {
                GiveBack();
            }
        }, GiveBack);
    }

    // In the append's own epoch: a rewind may be over by now, and these watermarks may be of before it.
    private ValueTask AnswerAppendAsync(FrameHeader header, SessionProof proof, Watermarks durable) =>
        connection.SendAsync(
            FrameType.Appended, header.Attachment, header.Correlation, new DurableState(proof.Epoch.Value, durable));

    private async Task RewindAsync(FrameHeader header, ServerAttachment attachment, Rewind rewind) =>
        await connection.SendAsync(
            FrameType.Rewound,
            header.Attachment,
            header.Correlation,
            await attachment.RewindAsync(rewind).ConfigureAwait(false)).ConfigureAwait(false);

    private void StartRead(FrameHeader header, ReadRange range) => StartRead(
        header, "read", range.Credit, (attachment, read) => new ReadHandler(connection, attachment, header, read).RunAsync(range));

    private async Task FollowAsync(FrameHeader header, ServerAttachment attachment, ServerRead read, FollowPoint from)
    {
        if (!connection.TryBeginFollowing())
        {
            throw new SwarmRefusedException(new Refusal(
                RefusalCode.Busy,
                $"{connection.Options.MaxFollowers} followers are connected to this silo ({nameof(DataPlaneServerOptions.MaxFollowers)}); "
                + "raise that, or end another one."));
        }

        try
        {
            await new ReadHandler(connection, attachment, header, read).FollowAsync(from).ConfigureAwait(false);
        }
        finally
        {
            connection.EndFollowing();
        }
    }

    private void StartRead(FrameHeader header, string what, long credit, Func<ServerAttachment, ServerRead, Task> answer)
    {
        var read = new ServerRead(credit, connection.Ended);
        if (!_reads.TryAdd(header.Correlation, read))
        {
            read.Dispose();
            throw new ProtocolException($"correlation {header.Correlation} names two reads at a time");
        }

        void Forget()
        {
            _reads.TryRemove(header.Correlation, out _);
            read.Dispose();
        }

        Start(header, what, async attachment =>
        {
            try
            {
                await answer(attachment, read).ConfigureAwait(false);
            }
            finally
            {
                Forget();
            }
        }, Forget);
    }

    // Not waited for: the frames of the connection's other attachments come behind.
    private void RefuseGone(FrameHeader header) => Refuse(
        header, RefusalCode.Moved, $"Attachment {header.Attachment} is over; ask where the context is, and attach again.");

    private void RefuseBusy(FrameHeader header, string what) => Refuse(
        header, RefusalCode.Busy, $"More than {connection.Options.MaxPendingRequests} {what} wait for answers; wait for those.");

    private void Refuse(FrameHeader header, RefusalCode code, string message) =>
        _ = connection.RefuseAsync(header.Attachment, header.Correlation, new Refusal(code, message)).AsTask();

    /// <summary>Runs an attach, or refuses it where too many of the connection wait.</summary>
    private void StartAttach(FrameHeader header, Func<Task> attach)
    {
        if (Interlocked.Increment(ref _pendingAttaches) > connection.Options.MaxPendingRequests)
        {
            Interlocked.Decrement(ref _pendingAttaches);
            RefuseBusy(header, "attaches of this connection");
            return;
        }

        _ = RunAsync(header, "attach", attach, () => Interlocked.Decrement(ref _pendingAttaches));
    }

    /// <summary>Runs a request of an attachment, or refuses it where too many of it wait. Its call into the context happens before this returns.</summary>
    private void Start(FrameHeader header, string what, Func<ServerAttachment, Task> request, Action notStarted)
    {
        if (connection.Find(header.Attachment) is not { } attachment)
        {
            notStarted();
            RefuseGone(header);
        }
        else if (!attachment.TryBegin())
        {
            notStarted();
            RefuseBusy(header, "requests of one session");
        }
        else
        {
            _ = RunAsync(header, what, () => request(attachment), attachment.EndRequest);
        }
    }

    private void Start(FrameHeader header, string what, Func<ServerAttachment, Task> request) =>
        Start(header, what, request, static () => { });

    /// <summary>Runs a request. What it does first happens before this returns.</summary>
    private async Task RunAsync(FrameHeader header, string what, Func<Task> request, Action over)
    {
        using var activity = ServerTrace.Start(what, _caller);
        try
        {
            await request().ConfigureAwait(false);
        }
        catch (SwarmRefusedException refused)
        {
            activity?.SetTag("error.type", refused.Refusal.Code.ToString()).SetStatus(ActivityStatusCode.Error, refused.Message);
            await connection.RefuseAsync(header.Attachment, header.Correlation, refused.Refusal).ConfigureAwait(false);
        }
        catch (ArgumentException exception)
        {
            await connection.RefuseAsync(
                header.Attachment, header.Correlation, new Refusal(RefusalCode.Invalid, exception.Message))
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Not wanted any more.
        }
        catch (Exception exception)
        {
            activity?.SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error, exception.Message);
            connection.Fail(what, exception);
            await connection.RefuseAsync(
                header.Attachment,
                header.Correlation,
                new Refusal(RefusalCode.Unknown, $"The silo failed at this {what}; the same request again will tell."))
                .ConfigureAwait(false);
        }
        finally
        {
            over();
        }
    }
}
