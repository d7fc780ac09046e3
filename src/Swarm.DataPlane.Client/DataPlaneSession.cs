using System.Text;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

/// <summary>A session on a context: it may append. Appends take effect in the order of the calls.</summary>
public sealed class DataPlaneSession : DataPlaneAttachment
{
    private readonly Lock _creditLock = new();
    private long _credit;
    private long _awaited;
    private TaskCompletionSource? _arrived;
    private bool _isOver;

    internal DataPlaneSession(DataPlaneClient client, Attached attached, IDataPlaneObserver observer)
        : base(client, attached, observer) => IngestWindowBytes = attached.IngestBytes;

    /// <summary>KV bytes that the silo takes ahead of their durability.</summary>
    public int IngestWindowBytes { get; }

    /// <summary>Sends inputs. Ends when they are sent.</summary>
    /// <param name="inputs">The inputs, at most <see cref="FrameLimits.MaxAppendTokens"/> tokens.</param>
    /// <param name="states">
    /// States at positions not behind the end of the inputs, at most <see cref="FrameLimits.MaxStates"/>; with the inputs at most
    /// <see cref="FrameLimits.MaxControlBytes"/>.
    /// </param>
    /// <param name="cancellationToken">Stops waiting to send.</param>
    /// <returns>A task that ends when they are durable: watermarks, or a refusal, or a lost connection.</returns>
    /// <exception cref="ArgumentException">It is over a limit, or malformed, and would end the connection; nothing was sent.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public Task<Task<Watermarks>> SendInputsAsync(
        InputRun inputs, IReadOnlyList<NamedState> states, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(states);
        if (inputs.Tokens.Length > FrameLimits.MaxAppendTokens || states.Count > FrameLimits.MaxStates)
        {
            throw new ArgumentException(
                $"An append of {inputs.Tokens.Length} tokens and {states.Count} states is over the limit of "
                + $"{FrameLimits.MaxAppendTokens} tokens and {FrameLimits.MaxStates} states; send several.",
                nameof(inputs));
        }

        RequireSendable(inputs, states);
        return SendAppendAsync(FrameType.AppendInputs, new InputList(inputs, new StateList(states)), default, cancellationToken);
    }

    /// <summary>Waits until KV of some size may be sent. One caller at a time.</summary>
    /// <param name="bytes">Bytes of the next payload.</param>
    /// <param name="wantedBytes">Bytes that are ready behind it as well.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when it may be sent.</returns>
    /// <exception cref="SwarmTransportException">The connection is lost, or the attachment over.</exception>
    public async ValueTask ReserveKvAsync(int bytes, long wantedBytes, CancellationToken cancellationToken = default)
    {
        Task arrived;
        long returned;
        lock (_creditLock)
        {
            if (_isOver)
            {
                throw Over();
            }

            if (_credit >= bytes)
            {
                return;
            }

            (returned, _credit, _awaited) = (_credit, 0, bytes);
            _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            arrived = _arrived.Task;
        }

        var wanted = Math.Clamp(wantedBytes, bytes, Math.Max(bytes, IngestWindowBytes));
        await Client.SendAsync(FrameType.AskCredit, Id, 0, new AskCredit(bytes, wanted, returned), default, CancellationToken.None)
            .ConfigureAwait(false);
        await arrived.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the silo takes.</summary>
    public DataPlaneLimits Limits => Client.Limits;

    /// <summary>Gives credit back that is not going to be used now. Unused credit ends the attachment after a while, as if the context had moved.</summary>
    public void ReturnCredit()
    {
        long returned;
        lock (_creditLock)
        {
            (returned, _credit) = (_credit, 0);
        }

        if (returned > 0)
        {
            Client.Post(FrameType.AskCredit, Id, 0, new AskCredit(0, 0, returned));
        }
    }

    /// <summary>Sends KV for which <see cref="ReserveKvAsync"/> made room. When it ends, the frames may be reused.</summary>
    /// <param name="kv">The run.</param>
    /// <param name="cancellationToken">Stops waiting to send.</param>
    /// <returns>A task that ends when it is durable: watermarks, or a refusal, or a lost connection.</returns>
    /// <exception cref="InvalidOperationException">No room was reserved for so many bytes.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public Task<Task<Watermarks>> SendKvAsync(KvAppend kv, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentOutOfRangeException.ThrowIfNegative(kv.FirstPosition);
        ArgumentOutOfRangeException.ThrowIfNegative(kv.Count);
        lock (_creditLock)
        {
            if (_credit < kv.Frames.Length)
            {
                throw new InvalidOperationException(
                    $"{kv.Frames.Length} bytes of KV with a credit of {_credit}: call {nameof(ReserveKvAsync)} before.");
            }

            _credit -= kv.Frames.Length;
        }

        return SendAppendAsync(
            FrameType.AppendKv,
            new KvHead(kv.FirstPosition, kv.Count, KvTier.None, kv.PrefixHash.Value),
            kv.Frames,
            cancellationToken);
    }

    /// <summary>Sends a heartbeat. Does not wait.</summary>
    public void SendHeartbeat() => Client.Post(FrameType.Heartbeat, Id, 0, default(Empty));

    /// <summary>Cuts the context back.</summary>
    /// <param name="length">Positions to keep.</param>
    /// <param name="newSecret">The session's secret from then on; the same again makes a repeat harmless.</param>
    /// <param name="cancellationToken">Stops waiting; the rewind may still take effect.</param>
    /// <returns>The new grant.</returns>
    /// <exception cref="StaleEpochException">The session does not hold the context.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public async Task<Acquired> RewindAsync(
        long length, SessionSecret newSecret, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(newSecret);
        var answer = await RequestAsync(
            FrameType.Rewind, new Rewind(length, newSecret.Bytes.ToArray()), FrameType.Rewound, default, cancellationToken)
            .ConfigureAwait(false);
        var state = await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        Note(new Epoch(state.Epoch), state.Durable);
        return new Acquired(new Epoch(state.Epoch), state.Durable);
    }

    internal override void OnPush(FrameType type, ReadOnlySpan<byte> body)
    {
        if (type != FrameType.Credit)
        {
            base.OnPush(type, body);
            return;
        }

        lock (_creditLock)
        {
            _credit += MessageReader.ReadAll<Credit>(body).Bytes;
            if (_arrived is not null && _credit >= _awaited)
            {
                _arrived.TrySetResult();
                _arrived = null;
            }
        }
    }

    internal override void OnOver()
    {
        lock (_creditLock)
        {
            _isOver = true;
            if (_arrived is not null)
            {
                _arrived.TrySetException(Over());
                _ = _arrived.Task.Exception; // Seen, should nobody wait for it any more.
                _arrived = null;
            }
        }
    }

    private SwarmTransportException Over() =>
        new($"The attachment to {Client.Endpoint} is over: attach again, where the context is now.", isTransient: true);

    /// <summary>What the silo would take for a protocol error: that would end the connection, for all who share it.</summary>
    private static void RequireSendable(InputRun inputs, IReadOnlyList<NamedState> states)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(inputs.FirstPosition, nameof(inputs));
        var total = 0L;
        foreach (var step in inputs.Steps.Span)
        {
            total = step > 0 ? total + step : long.MinValue;
        }

        if (total != inputs.Tokens.Length)
        {
            throw new ArgumentException(
                $"The {inputs.Steps.Length} steps of an append do not add up to its {inputs.Tokens.Length} tokens, or one is not positive: "
                + "give the length of each step.",
                nameof(inputs));
        }

        foreach (var (name, position, content) in states)
        {
            if (name.Length > Names.MaxStateLength || Encoding.UTF8.GetByteCount(name) > Names.MaxStateLength || position < 0
                || content.Length > NamedState.MaxBytes)
            {
                throw new ArgumentException(
                    $"State '{name}' of {content.Length} bytes at position {position} is over a limit: a name has at most "
                    + $"{Names.MaxStateLength} bytes, content {NamedState.MaxBytes}, and no position is negative.",
                    nameof(states));
            }
        }
    }

    private async Task<Task<Watermarks>> SendAppendAsync<TMessage>(
        FrameType type, TMessage message, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        where TMessage : IMessage<TMessage>
    {
        var answer = await RequestAsync(type, message, FrameType.Appended, payload, cancellationToken).ConfigureAwait(false);
        return AwaitAsync(answer);

        async Task<Watermarks> AwaitAsync(Task<DurableState> state)
        {
            var (epoch, durable) = await state.ConfigureAwait(false);
            Note(new Epoch(epoch), durable);
            return durable;
        }
    }

    private async Task<Task<DurableState>> RequestAsync<TMessage>(
        FrameType type,
        TMessage message,
        FrameType answer,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
        where TMessage : IMessage<TMessage>
    {
        var correlation = Client.NextCorrelation();
        var reply = new PendingReply<DurableState>(answer) { Attachment = Id };
        Client.Expect(correlation, reply);
        try
        {
            await Client.SendAsync(type, Id, correlation, message, payload, cancellationToken).ConfigureAwait(false);
            return reply.Answer;
        }
        catch
        {
            Client.Forget(correlation);
            throw;
        }
    }
}
