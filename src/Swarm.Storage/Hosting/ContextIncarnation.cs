using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Log;
using Swarm.Storage.Prefixes;
using Swarm.Storage.State;

namespace Swarm.Storage.Hosting;

/// <summary>One incarnation of one context: its durable state, and what is queued on top of it. Lives on the store's loop.</summary>
/// <remarks>
/// Queued records are appends of the epoch in force alone: an epoch change holds <see cref="Gate"/> until it is durable, so
/// what is queued is always the durable state plus appends, and what arrives meanwhile is judged by the new epoch.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, and its token outlives this.")]
internal sealed class ContextIncarnation
{
    private readonly CancellationTokenSource _closed = new();
    private readonly Queue<TokensRecord> _queuedTokens = new();
    private readonly IndexedContext _indexed;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Published? _published;
    private readonly Epoch _openedIn;
    private RewindHistory? _rewinds;
    private LogEntry? _last;
    private long _lastHeartbeatTicks;
    private long _atOnceUntilTicks;
    private long _connectionLostTicks; // 0: it was not.
    private object? _connection; // The holder's last one.
    private int _publishedStates = -1;

    public ContextIncarnation(
        ContextServices services,
        ContextId id,
        ModelDescriptor model,
        TenantKey key,
        LogWriter writer,
        ContextRoot root,
        string etag,
        DurableContext durable)
    {
        Services = services;
        RepairGate = new ContextGate(this, GateOrder.Repair);
        Kv = new KvAppendQueue(new ContextGate(this, GateOrder.Kv));
        Gate = new ContextGate(this, GateOrder.Requests);
        RootGate = new ContextGate(this, GateOrder.Root);
        Id = id;
        Model = model;
        TenantKey = key;
        Writer = writer;
        Root = root;
        ETag = etag;
        Durable = durable;
        TokenLength = durable.Inputs.Length;
        KvLength = durable.Extents.Length;
        TailStart = root.Tails[0].Sequence;
        Closed = _closed.Token;
        _openedIn = durable.Epoch;
        _indexed = services.Prefixes.Open(id, root.Name);
        _indexed.BeginsWith(durable.Inputs.FirstStep);
        _published = Publish();
        RecordHeartbeat();
        Hasher = durable.Inputs.HasherAt(NewHasher(), TokenLength, _indexed);
    }

    private sealed record Published(Ownership Ownership, Watermarks Durable, IReadOnlyList<NamedState> States, HandoffPolicy? Policy);

    public ContextServices Services { get; }

    public ContextId Id { get; }

    public ModelDescriptor Model { get; }

    public TenantKey TenantKey { get; }

    /// <summary>The log that its records go into.</summary>
    public LogWriter Writer { get; private set; }

    /// <summary>The root as written last.</summary>
    public ContextRoot Root { get; private set; }

    /// <summary>ETag of <see cref="Root"/>.</summary>
    public string ETag { get; private set; }

    public DurableContext Durable { get; }

    /// <summary>Positions whose inputs are durable or queued.</summary>
    public long TokenLength { get; private set; }

    /// <summary>Positions whose KV is durable or queued.</summary>
    public long KvLength { get; private set; }

    /// <summary>Chain hash at <see cref="TokenLength"/>.</summary>
    public PrefixHasher Hasher { get; private set; }

    /// <summary>Chain hash at <see cref="KvLength"/>; <see langword="null"/> until it is needed.</summary>
    public PrefixHasher? KvHasher { get; set; }

    /// <summary>First segment of the writer's log that the root does not cover.</summary>
    public ulong TailStart { get; private set; }

    /// <summary>Durable records that the root does not cover.</summary>
    public int TailRecords { get; private set; }

    /// <summary>Requests enter one by one, in the order of their calls.</summary>
    public ContextGate Gate { get; }

    /// <summary>KV appends under way: large ones are uploaded before they are queued.</summary>
    public KvAppendQueue Kv { get; }

    /// <summary>One repair of KV at a time.</summary>
    public ContextGate RepairGate { get; }

    /// <summary>
    /// Names of chunks that extents were moved to and that no root which was written names yet: before one does, the store is asked for
    /// them, since the objects that they were made of are then collected.
    /// </summary>
    public ImmutableHashSet<string> UnprovenChunks { get; set; } = [];

    /// <summary>Whether the context has lost a segment, and somebody who saw an epoch may know more of it than it does.</summary>
    public bool MayHaveForgotten(Epoch seen) => Root.Loss is not null && seen <= _openedIn;

    /// <summary>What is left of positions that were durable in an epoch; <see langword="null"/> where that is not known.</summary>
    public Watermarks? KeptSince(Epoch seen, Watermarks had) => _rewinds is null
        ? seen < _openedIn ? null : had
        : _rewinds.KeptSince(seen, had);

    /// <summary>Where reads found its KV damaged.</summary>
    public KvDamage Damage { get; } = new();

    /// <summary>One operation on the root at a time.</summary>
    public ContextGate RootGate { get; }

    /// <summary>Whether it is closing or closed: nothing new is taken.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Cancelled when the context is not open here any more. Readable from any thread.</summary>
    public CancellationToken Closed { get; }

    /// <summary>The durable state. Readable from any thread.</summary>
    public ContextStatus Status
    {
        get
        {
            var (ownership, durable, _, policy) = Volatile.Read(ref _published)!;
            return new ContextStatus(
                ownership.Epoch,
                ownership.Holder,
                ownership.ReservedFor,
                durable,
                Root.Model,
                Root.BlockTokens,
                new DateTimeOffset(Volatile.Read(ref _lastHeartbeatTicks), TimeSpan.Zero))
            {
                Loss = Root.Loss,
                Policy = policy,
                ConnectionLost = Volatile.Read(ref _connectionLostTicks) is > 0 and var lost ? new DateTimeOffset(lost, TimeSpan.Zero) : null,
            };
        }
    }

    /// <summary>Inputs that are queued and not durable, and durable inputs without durable KV. Readable from any thread; roughly.</summary>
    public (long Inputs, long Kv) Lag
    {
        get
        {
            var durable = Volatile.Read(ref _published)!.Durable;
            return (Math.Max(0, TokenLength - durable.Tokens), Math.Max(0, durable.Tokens - durable.Kv));
        }
    }

    /// <summary>Latest durable states, by name. Readable from any thread.</summary>
    public IReadOnlyList<NamedState> States => Volatile.Read(ref _published)!.States;

    /// <summary>Who may append. Readable from any thread.</summary>
    public Ownership Ownership => Volatile.Read(ref _published)!.Ownership;

    /// <summary>Completes at the next change of the durable state. Readable from any thread.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    public PrefixHasher NewHasher() => new(TenantKey, Root.Model, Root.BlockTokens);

    /// <summary>Throws unless the proof is that of the holder.</summary>
    /// <exception cref="StaleEpochException">It is not.</exception>
    public void RequireHolder(SessionProof proof)
    {
        RequireOpen();
        var ownership = Durable.Ownership;
        if (!ownership.IsHeldBy(proof))
        {
            throw Refusals.Stale(proof.Epoch, ownership.Epoch, ownership.Holder);
        }

        NoteHeard(); // It may have been sent before the connection was lost.
    }

    /// <summary>Throws once the context is closing or closed.</summary>
    public void RequireOpen()
    {
        if (IsEnding || Writer.IsDead)
        {
            throw Refusals.Moved(Id);
        }
    }

    /// <summary>Records a heartbeat of the holder. Callable from any thread.</summary>
    public void RecordHeartbeat()
    {
        NoteHeard();
        Volatile.Write(ref _connectionLostTicks, 0);
    }

    /// <summary>Notes by which connection the holder is heard of. Callable from any thread.</summary>
    public void RecordConnected(object connection)
    {
        Volatile.Write(ref _connection, connection);
        Volatile.Write(ref _connectionLostTicks, 0);
    }

    /// <summary>Notes that a connection of the holder was lost. Callable from any thread.</summary>
    public void RecordConnectionLost(object connection)
    {
        if (ReferenceEquals(Volatile.Read(ref _connection), connection))
        {
            Volatile.Write(ref _connectionLostTicks, Services.Time.GetUtcNow().Ticks);
        }
    }

    /// <summary>Writes what is appended without waiting, until the epoch changes or the time is over. Callable from any thread.</summary>
    public void WriteAtOnce(TimeSpan time) => Volatile.Write(ref _atOnceUntilTicks, (Services.Time.GetUtcNow() + time).Ticks);

    /// <summary>Queues inputs that follow what is queued.</summary>
    public Task<LogRecord> QueueTokens(int[] tokens, int[] steps)
    {
        if (TokenLength == 0)
        {
            _indexed.BeginsWith(steps[0]);
        }

        Hasher.Append(tokens, _indexed);
        var record = new TokensRecord(Id, Root.IncarnationId, Durable.Epoch, TokenLength, tokens, steps, Hasher.Current());
        TokenLength += tokens.Length;
        _queuedTokens.Enqueue(record);
        return Queue(new LogEntry(record, default, ApplyTokens, IsWrittenAtOnce));
    }

    /// <summary>Queues KV that follows what is queued.</summary>
    /// <param name="kv">The run.</param>
    /// <param name="payload">Where its bytes are, or will be.</param>
    /// <param name="content">Its bytes, if they go into the log.</param>
    /// <param name="hold">Keeps <paramref name="content"/> alive; taken over.</param>
    /// <param name="isUrgent">Whether its segment is written without waiting.</param>
    public Task<LogRecord> QueueKv(
        KvAppend kv, PayloadRef payload, ReadOnlyMemory<byte> content, IDisposable hold, bool isUrgent)
    {
        var record = new KvRecord(
            Id, Root.IncarnationId, Durable.Epoch, kv.FirstPosition, kv.Count, kv.PrefixHash, payload);
        KvLength += kv.Count;
        return Queue(new LogEntry(record, content, Apply, isUrgent || IsWrittenAtOnce, hold));
    }

    /// <summary>Queues a state.</summary>
    public Task<LogRecord> QueueState(NamedState state) => Queue(new LogEntry(
        new StateRecord(Id, Root.IncarnationId, Durable.Epoch, state.Position, state.Name, state.Content.ToArray()),
        default,
        Apply,
        IsWrittenAtOnce));

    /// <summary>Queues an epoch change. The caller holds <see cref="Gate"/> until it is durable.</summary>
    public Task<LogRecord> QueueEpochChange(LogRecord record)
    {
        Volatile.Write(ref _atOnceUntilTicks, 0);
        return Queue(new LogEntry(record, default, ApplyEpochChange, isUrgent: true));
    }

    /// <summary>Waits until everything queued so far is durable; throws when the writer is lost meanwhile.</summary>
    public async Task DrainAsync()
    {
        if (_last is { } last)
        {
            await last.Durable;
        }
    }

    /// <summary>Chain hash of queued and durable inputs between two positions, from a hasher at the first.</summary>
    public void Feed(PrefixHasher hasher, long end)
    {
        while (hasher.Position < end)
        {
            if (hasher.Position < Durable.Inputs.Length)
            {
                var until = Math.Min(end, Durable.Inputs.Length);
                hasher.Append(Durable.Inputs.Tokens(hasher.Position, (int)(until - hasher.Position)));
                continue;
            }

            var record = _queuedTokens.First(item => item.Position + item.Tokens.Length > hasher.Position);
            var skip = (int)(hasher.Position - record.Position);
            var count = (int)Math.Min(end - hasher.Position, record.Tokens.Length - skip);
            hasher.Append(record.Tokens.Span.Slice(skip, count));
        }
    }

    /// <summary>Notes a root that was written.</summary>
    public void Installed(ContextRoot root, string etag)
    {
        Root = root;
        ETag = etag;
        if (!root.Tails.IsEmpty)
        {
            TailStart = root.Tails[0].Sequence;
        }

        TailRecords = 0; // Those that came while it was written are few.
    }

    /// <summary>Goes on in another log, under a root that names it. Nothing is queued or durable but not in that root.</summary>
    public void MovedTo(LogWriter writer, ContextRoot root, string etag)
    {
        Writer = writer;
        _last = null;
        Installed(root, etag);
    }

    /// <summary>Takes over the ETag of an earlier write of this incarnation.</summary>
    public void Superseded(string etag) => ETag = etag;

    /// <summary>Ends this incarnation: whoever waits is told.</summary>
    public void End()
    {
        IsEnding = true;
        Services.Prefixes.Ended(_indexed);
        _ = _closed.CancelAsync(); // What others registered does not run on the loop.
        _changed.TrySetResult();
    }

    private void NoteHeard() => Volatile.Write(ref _lastHeartbeatTicks, Services.Time.GetUtcNow().Ticks);

    private bool IsWrittenAtOnce => Volatile.Read(ref _atOnceUntilTicks) is > 0 and var until && Services.Time.GetUtcNow().Ticks < until;

    private Task<LogRecord> Queue(LogEntry entry)
    {
        entry.IsFirst = _last is null;
        _last = entry;
        Writer.Enqueue(entry);
        return entry.Durable;
    }

    private void ApplyTokens(LogRecord record)
    {
        _queuedTokens.Dequeue();
        Apply(record);
    }

    private void ApplyEpochChange(LogRecord record)
    {
        Durable.Apply(record);
        TailRecords++;
        if (record is TruncateRecord truncate)
        {
            (_rewinds ??= new RewindHistory(_openedIn)).Add(truncate.Epoch, new Watermarks(truncate.Length, truncate.KvLength));
            TokenLength = Durable.Inputs.Length;
            KvLength = Durable.Extents.Length;
            _indexed.Rewound(TokenLength);
            Hasher = Durable.Inputs.HasherAt(NewHasher(), TokenLength);
            KvHasher = null;
        }
        else
        {
            Volatile.Write(ref _connection, null); // Of a session that is over.
            Volatile.Write(ref _connectionLostTicks, 0);
        }

        NoteHeard();
        Show();
    }

    private void Apply(LogRecord record)
    {
        Durable.Apply(record);
        TailRecords++;
        Show();
    }

    private void Show()
    {
        Volatile.Write(ref _published, Publish());
        var changed = _changed;
        Volatile.Write(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.TrySetResult();
    }

    private Published Publish()
    {
        var durable = Durable.Watermarks;
        _indexed.KvIsDurable(durable.Kv);
        if (_published is { } before && _publishedStates == Durable.StatesVersion)
        {
            return before with { Ownership = Durable.Ownership, Durable = durable };
        }

        var states = TakeStates();
        return new(Durable.Ownership, durable, states, PolicyIn(states));
    }

    private HandoffPolicy? PolicyIn(IReadOnlyList<NamedState> states)
    {
        if (states.FirstOrDefault(state => state.Name == HandoffPolicyCodec.StateName) is not { } kept)
        {
            return null;
        }

        try
        {
            return HandoffPolicyCodec.Decode(kept.Content);
        }
        catch (CorruptObjectException error)
        {
            StorageLog.PolicyUnreadable(Services.Logger, Services.Names.Label(Id), error.Message);
            return HandoffPolicy.Never; // Of a later build, perhaps: better offered to nobody than to somebody wrong.
        }
    }

    private NamedState[] TakeStates()
    {
        _publishedStates = Durable.StatesVersion;
        return [.. Durable.States];
    }
}
