using System.Runtime.CompilerServices;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

/// <summary>One context on one connection: reads. A session, which may also append, is a <see cref="DataPlaneSession"/>.</summary>
public class DataPlaneAttachment : IAsyncDisposable
{
    private readonly IDataPlaneObserver _observer;
    private readonly Lock _lock = new();
    private Watermarks _durable;
    private Epoch _epoch;

    internal DataPlaneAttachment(DataPlaneClient client, Attached attached, IDataPlaneObserver observer)
    {
        Client = client;
        Id = attached.Attachment;
        Model = new ModelFingerprint(attached.Model);
        BlockTokens = attached.BlockTokens;
        TenantKey = new TenantKey(attached.TenantKey);
        _durable = attached.Durable;
        _epoch = new Epoch(attached.Epoch);
        _observer = observer;
    }

    /// <summary>Fingerprint of the context's model.</summary>
    public ModelFingerprint Model { get; }

    /// <summary>Positions of a block.</summary>
    public int BlockTokens { get; }

    /// <summary>Key of the tenant's block hashes.</summary>
    public TenantKey TenantKey { get; }

    /// <summary>Time since the silo last sent anything on the connection.</summary>
    public TimeSpan Silence => Client.Silence;

    /// <summary>Watermarks as last heard.</summary>
    public Watermarks Durable
    {
        get
        {
            lock (_lock)
            {
                return _durable;
            }
        }
    }

    /// <summary>Epoch in force as last heard.</summary>
    public Epoch Epoch
    {
        get
        {
            lock (_lock)
            {
                return _epoch;
            }
        }
    }

    internal DataPlaneClient Client { get; }

    internal uint Id { get; }

    /// <summary>Reads durable inputs.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions; cut at the watermark.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>Runs in order, without holes.</returns>
    /// <exception cref="SwarmRefusedException">The silo refused.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public IAsyncEnumerable<InputRun> ReadInputsAsync(long firstPosition, long count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var stream = new PendingStream<InputRun>(static (header, body) => header.Type == FrameType.Inputs
            ? MessageReader.ReadAll<InputList>(body).Run
            : throw new ProtocolException($"a {header.Type} frame answers a read of inputs"))
        {
            Attachment = Id,
        };
        return ReadAsync(FrameType.ReadInputs, new ReadRange(firstPosition, count, 0, false), stream, cancellationToken);
    }

    /// <summary>Reads durable KV, as it was stored: not verified yet, but for what was received in place.</summary>
    /// <param name="firstPosition">First position wanted.</param>
    /// <param name="count">Positions wanted; cut at the watermark.</param>
    /// <param name="target">A runtime's memory to receive into while it is open; <see langword="null"/> for buffers alone. For this read alone.</param>
    /// <param name="isRecheck">Whether the silo checks its copies before it sends them: when one has failed a check here.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>
    /// Runs in order, without holes, as <see cref="IOpenContext.ReadKvAsync"/> gives them; dispose each, which lets the
    /// silo send more. One that is damaged or missing in the store has no frames; one that was received in place (<see cref="KvRunData.InPlace"/>)
    /// has none either. Verify or decode the others with <see cref="Format.Frames.KvPayload"/>: the wire adds no checksum of its own to them.
    /// </returns>
    /// <exception cref="SwarmRefusedException">The silo refused.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public async IAsyncEnumerable<KvRunData> ReadKvAsync(
        long firstPosition,
        long count,
        KvReceiveTarget? target = null,
        bool isRecheck = false,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var correlation = Client.NextCorrelation();
        var stream = new PendingKv(target) { Attachment = Id };
        var range = new ReadRange(firstPosition, count, Client.ReadWindowBytes, isRecheck);
        try
        {
            await foreach (var received in ReadAsync(FrameType.ReadKv, range, stream, cancellationToken, correlation).ConfigureAwait(false))
            {
                yield return RunOf(received, correlation);
            }
        }
        finally
        {
            Drop(stream);
        }
    }

    /// <summary>Whether the silo lets its contexts be followed: one of an earlier build does not.</summary>
    public bool MayFollow => Client.MayFollow;

    /// <summary>Reads durable inputs and KV as they become durable, until the caller stops; KV is not verified yet, but for what was received in place.</summary>
    /// <param name="from">What the caller has.</param>
    /// <param name="target">A runtime's memory to receive KV into while it is open; <see langword="null"/> for buffers alone. For this call alone.</param>
    /// <param name="cancellationToken">Stops following.</param>
    /// <returns>
    /// What <see cref="IOpenContext.FollowAsync"/> gives; dispose each run of KV, which lets the silo send more. It ends behind an epoch that
    /// takes something back.
    /// </returns>
    /// <exception cref="SwarmRefusedException">The silo refused.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost, or the silo does not know this: see <see cref="MayFollow"/>.</exception>
    public async IAsyncEnumerable<Followed> FollowAsync(
        FollowPoint from, KvReceiveTarget? target = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (!MayFollow)
        {
            throw new SwarmTransportException(
                $"The silo at {Client.Endpoint} is of an earlier build, whose contexts cannot be followed: update it.", isTransient: false);
        }

        var correlation = Client.NextCorrelation();
        var stream = new PendingKv(target, ReadTold) { Attachment = Id };
        try
        {
            await foreach (var received in ReadAsync(
                FrameType.Follow, new Follow(from, Client.ReadWindowBytes), stream, cancellationToken, correlation).ConfigureAwait(false))
            {
                yield return received.Told ?? Followed.Of(RunOf(received, correlation));
            }
        }
        finally
        {
            Drop(stream);
        }
    }

    /// <summary>The latest durable state of each name.</summary>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>States in the order of their names.</returns>
    /// <exception cref="SwarmRefusedException">The silo refused.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public async Task<IReadOnlyList<NamedState>> ReadStatesAsync(CancellationToken cancellationToken = default)
    {
        var stream = new PendingStream<IReadOnlyList<NamedState>>(static (header, body) =>
            header.Type == FrameType.States
                ? MessageReader.ReadAll<StateList>(body).States
                : throw new ProtocolException($"a {header.Type} frame answers a read of states"))
        {
            Attachment = Id,
        };
        List<NamedState> states = [];
        await foreach (var part in ReadAsync(FrameType.ReadStates, default(Empty), stream, cancellationToken)
            .ConfigureAwait(false))
        {
            states.AddRange(part);
        }

        return states;
    }

    /// <summary>
    /// Ends the attachment; the connection and its other attachments go on. What it waits for fails with a transient
    /// <see cref="SwarmTransportException"/>, and may take effect all the same. Harmless to repeat.
    /// </summary>
    /// <returns>A task that ends at once: the silo is told in the background.</returns>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Client.Detach(this);
        OnOver();
        return ValueTask.CompletedTask;
    }

    internal virtual void OnPush(FrameType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case FrameType.Durable:
                var state = MessageReader.ReadAll<DurableState>(body);
                Note(new Epoch(state.Epoch), state.Durable);
                break;
            case FrameType.Fenced:
                Client.Forget(this);
                _observer.OnFenced(new Epoch(MessageReader.ReadAll<DurableState>(body).Epoch));
                OnOver();
                break;
            case FrameType.Moved:
                MessageReader.ReadAll<Empty>(body);
                Client.Forget(this);
                _observer.OnMoved();
                OnOver();
                break;
            default:
                throw new ProtocolException($"a {type} frame is not for a reader");
        }
    }

    internal void OnLost(Exception exception)
    {
        _observer.OnLost(exception);
        OnOver();
    }

    /// <summary>Ends what waits for a push, which never comes: the attachment is over.</summary>
    internal virtual void OnOver()
    {
    }

    /// <summary>Notes a durable state: within an epoch watermarks only grow, however answers and pushes overtake each other.</summary>
    internal void Note(Epoch epoch, Watermarks durable)
    {
        lock (_lock)
        {
            if (epoch < _epoch)
            {
                return;
            }

            _durable = epoch > _epoch
                ? durable
                : new Watermarks(Math.Max(_durable.Tokens, durable.Tokens), Math.Max(_durable.Kv, durable.Kv));
            _epoch = epoch;
            durable = _durable;
        }

        _observer.OnDurable(epoch, durable);
    }

    private static ReceivedRun ReadTold(FrameHeader header, ReadOnlySpan<byte> body)
    {
        switch (header.Type)
        {
            case FrameType.Inputs:
                return new ReceivedRun(default, null, null, Followed.Of(MessageReader.ReadAll<InputList>(body).Run));
            case FrameType.FollowedEpoch:
                var state = MessageReader.ReadAll<DurableState>(body);
                return new ReceivedRun(default, null, null, Followed.Of(new FollowedEpoch(new Epoch(state.Epoch), state.Durable)));
            default:
                throw new ProtocolException($"a {header.Type} frame is not for a follower");
        }
    }

    private static void Drop(PendingKv stream)
    {
        stream.Stop();
        while (stream.Items.TryRead(out var unread))
        {
            unread.Payload?.Dispose();
        }
    }

    private KvRunData RunOf(ReceivedRun received, uint correlation)
    {
        var (head, payload, inPlace, _) = received;
        var hash = new BlockHash(head.PrefixHash);
        return payload is null
            ? KvRunData.Received(head.FirstPosition, head.Count, hash, head.Tier, inPlace!)
            : new KvRunData(head.FirstPosition, head.Count, hash, payload.Memory, head.Tier, new RunLease(this, correlation, payload)) { Checksum = head.Checksum };
    }

    private async IAsyncEnumerable<TItem> ReadAsync<TMessage, TItem>(
        FrameType type,
        TMessage request,
        PendingStream<TItem> stream,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        uint correlation = 0)
        where TMessage : IMessage<TMessage>
    {
        correlation = correlation == 0 ? Client.NextCorrelation() : correlation;
        Client.Expect(correlation, stream);
        var completed = false;
        try
        {
            await Client.SendAsync(type, Id, correlation, request, default, cancellationToken).ConfigureAwait(false);
            await foreach (var item in stream.Items.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return item;
            }

            completed = true;
        }
        finally
        {
            Client.Forget(correlation);
            if (!completed)
            {
                Client.Post(FrameType.Cancel, Id, correlation, default(Empty));
            }
        }
    }

    private sealed class RunLease(DataPlaneAttachment owner, uint correlation, Buffers.PooledBuffer payload) : IDisposable
    {
        public void Dispose()
        {
            payload.Dispose();
            owner.Client.Post(FrameType.Credit, owner.Id, correlation, new Credit(payload.Length));
        }
    }
}
