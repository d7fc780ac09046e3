using Swarm.Client.Sessions;
using Swarm.Client.Streaming;
using Swarm.Format.Frames;

namespace Swarm.Client.InMemory;

/// <summary>A session on a context of a swarm in memory.</summary>
internal sealed class InMemorySession : IAgentMemory, IStepSink
{
    private readonly SessionTurn _turn;
    private readonly InMemoryStore _store;
    private readonly InMemoryContext _context;
    private readonly SessionState _state;
    private readonly InputHistory _history;
    private readonly RuntimeDriver? _driver;
    private readonly RuntimeClaim? _claim;
    private readonly SessionSteps _steps;
    private readonly TaskCompletionSource<SessionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, NamedState> _states; // Under the store's lock. What it has set stays here when another session holds the context.
    private readonly InMemoryFleet _fleet;
    private HandoffPolicy? _policy;
    private int _isClosing;

    private InMemorySession(
        InMemoryStore store,
        InMemoryContext context,
        SessionState state,
        RuntimeClaim? claim,
        (InputHistory History, RuntimeDriver? Driver, RehydrationReport Report) filled,
        (InMemoryFleet Fleet, HandoffPolicy? Policy) handoff)
    {
        _fleet = handoff.Fleet;
        _store = store;
        _context = context;
        _state = state;
        _claim = claim;
        (_history, _driver, Rehydration) = filled;
        _turn = new SessionTurn(context.Name, state);
        _steps = new SessionSteps(_history, _driver, _turn, this);
        lock (store.Lock)
        {
            _states = context.States.ToDictionary();
            _policy = context.Policy = handoff.Policy ?? context.Policy;
        }

        NoteNumerics(null);
        AddKv(); // What was missing was computed.
    }

    public string Context => _context.Name;

    public RehydrationReport Rehydration { get; }

    public SpoolRecovery? Recovery => null;

    public IReadOnlyList<SpoolLeftover> Leftovers => [];

    public long SpoolBytes => 0;

    public long Length => _history.Length;

    public Watermarks Durable => _state.Durable;

    public Epoch Epoch => _state.Epoch;

    public CancellationToken Fenced => _state.Fenced;

    public ReadOnlyMemory<float> Logits => _driver?.Logits ?? default;

    public IReadOnlyDictionary<string, NamedState> States
    {
        get
        {
            lock (_store.Lock)
            {
                return _states.ToDictionary();
            }
        }
    }

    /// <summary>Gives the runtime the context's memory.</summary>
    public static async Task<InMemorySession> StartAsync(
        InMemoryStore store,
        InMemoryContext context,
        SessionState state,
        RuntimeClaim? claim,
        InMemoryFleet fleet,
        MemoryOptions options,
        CancellationToken cancellationToken)
    {
        try
        {
            var filled = await InMemoryReader.FillAsync(store, context, claim, options.Strategy, cancellationToken).ConfigureAwait(false);
            return new InMemorySession(store, context, state, claim, filled, (fleet, options.HandoffPolicy));
        }
        catch
        {
            Give(store, context, state);
            throw;
        }
    }

    /// <summary>Feeds what the context lacks of a prompt.</summary>
    public async ValueTask GoOnWithAsync(ReadOnlyMemory<int> prompt, CancellationToken cancellationToken)
    {
        var common = _history.CommonLength(prompt.Span);
        if (common < Math.Min(Length, prompt.Length))
        {
            throw new AppendConflictException(new Refusal(
                RefusalCode.Conflict,
                $"Context '{Context}' has other inputs than the prompt at position {common}. Open it without a prompt, or choose another name.",
                Position: common));
        }

        if (Length < prompt.Length)
        {
            await FeedAsync(prompt[(int)Length..], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a session that could not begin, and gives its context back.</summary>
    public async ValueTask GiveUpAsync()
    {
        Give(_store, _context, _state);
        await CloseAsync().ConfigureAwait(false);
    }

    public ValueTask FeedAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken = default) =>
        FeedAsync(tokens, [], cancellationToken);

    public ValueTask FeedAsync(
        ReadOnlyMemory<int> tokens,
        IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> states,
        CancellationToken cancellationToken = default) => _steps.FeedAsync(tokens, states, cancellationToken);

    public ValueTask FeedAsync(SpoolLeftover leftover, CancellationToken cancellationToken = default) =>
        _steps.FeedAsync(Context, leftover, cancellationToken);

    public ValueTask<int[]> GenerateAsync(int maxTokens, Sampler? sampler = null, CancellationToken cancellationToken = default) =>
        _steps.GenerateAsync(maxTokens, sampler, cancellationToken);

    public IAsyncEnumerable<GeneratedToken> GenerateStreamAsync(GenerateOptions options, CancellationToken cancellationToken = default) =>
        _steps.GenerateStreamAsync(options, cancellationToken);

    public ValueTask<ReadOnlyMemory<float>> ComputeLogitsAsync(CancellationToken cancellationToken = default) =>
        _steps.ComputeLogitsAsync(cancellationToken);

    public int[] GetTokens(long firstPosition = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        return _history.TokensFrom(firstPosition);
    }

    public void SetState(string name, ReadOnlyMemory<byte> content)
    {
        _state.ThrowIfOver();
        _steps.SetState(name, content);
    }

    public HandoffPolicy HandoffPolicy => _policy ?? HandoffPolicy.Default;

    public void SetHandoffPolicy(HandoffPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validate();
        lock (_store.Lock)
        {
            InMemoryStore.RequireHolder(_context, _state);
            _policy = _context.Policy = policy;
        }
    }

    public Task<string> RequestHandoffAsync(string reason, CancellationToken cancellationToken = default)
    {
        AgentMemory.CheckReason(reason);
        _state.ThrowIfOver();
        return _fleet.FindSuccessorAsync(
            () =>
            {
                InMemoryStore.RequireHolder(_context, _state);
                return Grains.Abstractions.Fleet.ContextNotes.Planned(Context, _store.StatusOf(_context));
            },
            reason,
            cancellationToken);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _turn.EnterBesideStreamAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            RequireKv();
        }
        finally
        {
            _turn.Leave();
        }
    }

    public async ValueTask RewindAsync(long length, CancellationToken cancellationToken = default)
    {
        await _turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _history.Length);
            _driver?.RequireUndisturbed();
            var boundary = _history.FloorToStep((int)length);
            var kept = boundary < length ? _history.StepAt(boundary)[..((int)length - boundary)] : [];
            lock (_store.Lock)
            {
                InMemoryStore.RequireHolder(_context, _state);
                _context.CutTo(boundary);
                foreach (var state in _states.Values.Where(state => state.Position > boundary).ToArray())
                {
                    _states.Remove(state.Name);
                }

                _context.Epoch = _context.Epoch.Next;
                _state.Advance(new Core.Contexts.Acquired(_context.Epoch, _context.Durable));
            }

            _driver?.Truncate(boundary);
            _history.Truncate(boundary);
            NoteNumerics(boundary);
            if (kept.Length > 0)
            {
                await _steps.FeedRestAsync(kept).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Leave();
        }
    }

    public async ValueTask ReleaseAsync(string to = "", CancellationToken cancellationToken = default)
    {
        if (to.Length > 0)
        {
            NameArguments.Check(Names.RequireAgent, to, nameof(to));
        }

        await _turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            RequireKv();
            _store.Release(_context, _state, to);
            _claim?.Dispose();
        }
        finally
        {
            _turn.Leave();
        }
    }

    public Task<SpoolLeftover?> GetLeftoverAsync(CancellationToken cancellationToken = default) => Fenced.IsCancellationRequested
        ? Task.FromResult<SpoolLeftover?>(null) // All that was fed was durable.
        : throw new InvalidOperationException($"The session on '{Context}' is not fenced: what it has fed is durable. Go on.");

    public async ValueTask<SessionClose> CloseAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isClosing, 1) == 0)
        {
            _turn.NoteClosing();
            await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false); // A step that runs yet: the runtime is its own until it ends.
            try
            {
                _store.Close(_context, _state);
                _claim?.Dispose();
                _closed.SetResult(new SessionClose(
                    _history.Length, _state.Durable, new InputRun(_history.Length, default, default), [], 0, null, _driver?.Fault?.Message));
            }
            finally
            {
                _turn.Leave();
            }
        }

        return await _closed.Task.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    void IStepSink.Reserve(int tokens, int maxStep, IReadOnlyList<NamedState> states)
    {
        // All is durable at once: there is always room.
    }

    void IStepSink.EndReservation()
    {
        // Nothing is reserved.
    }

    bool IStepSink.MayStep() => true;

    ValueTask IStepSink.WaitForRoomAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    void IStepSink.Record(ReadOnlySpan<int> tokens, IReadOnlyList<NamedState> states)
    {
        lock (_store.Lock)
        {
            InMemoryStore.RequireHolder(_context, _state);
            _context.Inputs.AppendStep(tokens);
            _history.AppendStep(tokens);
            Keep(states);
        }
    }

    void IStepSink.KeepStates(IReadOnlyList<NamedState> states) => Keep(states);

    int IStepSink.CountStatesWith(IReadOnlyList<NamedState> states)
    {
        lock (_store.Lock)
        {
            var own = _context.Numerics.IsUnknown || _states.Count >= NamedState.MaxCount ? 0 : 1; // A silo keeps it as a state, where there is room.
            return own + _states.Keys.Union(states.Select(state => state.Name)).Count();
        }
    }

    void IStepSink.NoteLogits()
    {
        // Nothing is measured.
    }

    void IStepSink.NoteComputed() => AddKv();

    void IStepSink.NoteFailed(InvalidOperationException? fault)
    {
        // Whoever flushes or releases is told: see RequireKv.
    }

    /// <summary>Keeps KV of whole steps that the runtime has computed.</summary>
    private void AddKv()
    {
        if (_driver is null)
        {
            return;
        }

        var geometry = _driver.Runtime.Model.Geometry;
        for (var first = (int)_state.Durable.Kv; _history.StepAt(first).Length is > 0 and var count && first + count <= _driver.Computed;)
        {
            var payload = new byte[KvPayload.EncodedLength(geometry, first, count)];
            if (!_driver.TryExport(first, count, payload))
            {
                return;
            }

            lock (_store.Lock)
            {
                if (_context.Session == _state)
                {
                    _context.AddKv(new InMemoryContext.KvRun(first, count, payload));
                    _state.Note(_state.Epoch, _context.Durable);
                }
            }

            first += count;
            _store.Grown.Fire();
        }
    }

    private static void Give(InMemoryStore store, InMemoryContext context, SessionState state)
    {
        lock (store.Lock)
        {
            if (context.Session == state)
            {
                store.Release(context, state, "");
            }
        }
    }

    private void Keep(IReadOnlyList<NamedState> states)
    {
        lock (_store.Lock)
        {
            InMemoryStore.RequireHolder(_context, _state);
            foreach (var state in states)
            {
                _context.States[state.Name] = _states[state.Name] = state;
            }

            _state.Note(_state.Epoch, _context.Durable);
        }

        _store.Grown.Fire();
    }

    /// <summary>Notes that this session's runtime computes from a position on; <see langword="null"/> for where KV ends.</summary>
    private void NoteNumerics(long? firstPosition)
    {
        if (_driver is not null)
        {
            lock (_store.Lock)
            {
                if (_context.Session == _state)
                {
                    _context.Numerics = _context.Numerics.With(_driver.Runtime.Numerics, firstPosition ?? _context.Durable.Kv);
                }
            }
        }
    }

    private void RequireKv()
    {
        if (_driver?.Fault is { } fault)
        {
            throw new InvalidOperationException(fault.Message, fault.InnerException);
        }
    }
}
