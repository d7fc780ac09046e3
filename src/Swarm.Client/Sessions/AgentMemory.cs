using Microsoft.Extensions.Logging;
using Swarm.Client;
using Swarm.Client.Control;
using Swarm.Client.Rehydration;
using Swarm.Client.Sessions;
using Swarm.Client.Spool;
using Swarm.Client.Streaming;
using Swarm.Core.Sessions;

namespace Swarm;

/// <summary>One session of an agent on a context: its memory, that streams out while the agent works.</summary>
/// <remarks>
/// Steps run one at a time on a thread of the session's own: a caller's thread never waits for the model. Inputs and KV leave in the background; a step waits for the network
/// only while more than <see cref="MemoryOptions.MaxUndurableTokens"/> inputs are not durable, and never for KV. With a
/// <see cref="MemoryOptions.SpoolPath"/> it never waits for the network: it writes its inputs to this machine's disk first.
/// </remarks>
public sealed partial class AgentMemory : IAgentMemory, IStepSink
{
    private readonly SessionTurn _turn;
    private readonly string _agent;
    private readonly ModelFingerprint _model;
    private readonly ControlPlane _control;
    private readonly InputHistory _history;
    private readonly StateOutbox _states;
    private readonly RuntimeDriver? _driver;
    private readonly SessionSteps _steps;
    private readonly SessionState _state;
    private readonly SessionLink _link;
    private readonly Streamer _streamer;
    private readonly MemoryOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly SessionSpool? _spool;
    private readonly LeftoverFinder _leftovers;
    private readonly RuntimeClaim? _claim;

    internal AgentMemory(
        string context,
        string agent,
        ModelFingerprint model,
        ControlPlane control,
        InputHistory history,
        StateOutbox states,
        RuntimeClaim? claim,
        RuntimeDriver? driver,
        SessionState state,
        SessionLink link,
        RehydrationReport rehydration,
        NumericsHistory numerics,
        IReadOnlyList<(int First, int Count)> damaged,
        LeftoverFinder leftovers,
        SpooledStart? spooled,
        MemoryOptions options,
        TimeProvider timeProvider,
        ILogger logger)
    {
        Context = context;
        Rehydration = rehydration;
        _leftovers = leftovers;
        Recovery = spooled?.Recovery;
        Leftovers = spooled?.Leftovers ?? [];
        _spool = spooled?.Spool;
        link.RewindObserver = _spool;
        _agent = agent;
        _model = model;
        _control = control;
        _history = history;
        _states = states;
        _claim = claim;
        _driver = driver;
        _turn = new SessionTurn(context, state);
        _steps = new SessionSteps(history, driver, _turn, this);
        _state = state;
        _link = link;
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        _streamer = new Streamer(
            context, history, states, driver, damaged, state, link, options, timeProvider, control.Metrics, logger);
        KeepNumerics(numerics, damaged.Select(run => (long)run.First).Append(state.Durable.Kv).Min());
        KeepPolicy(options.HandoffPolicy);
        control.Add(this, agent);
        _streamer.Start();
        state.Fenced.UnsafeRegister(static metrics => ((ClientMetrics)metrics!).Fenced(), control.Metrics);
        control.Metrics.Add(this, () => Math.Max(0, Length - Durable.Tokens), () => _spool?.UsedBytes ?? 0);
    }

    /// <summary>Context name.</summary>
    public string Context { get; }

    /// <summary>How this session got what the context remembers.</summary>
    public RehydrationReport Rehydration { get; }

    /// <summary>Positions fed, by this session and all before.</summary>
    public long Length => _history.Length;

    /// <summary>What survives the loss of every process.</summary>
    public Watermarks Durable => _state.Durable;

    /// <summary>Epoch of the session; a rewind raises it.</summary>
    public Epoch Epoch => _state.Epoch;

    /// <summary>Proves that appends are this session's. Whoever has it and the epoch is the session: keep it private.</summary>
    internal SessionSecret Secret => _link.Secret;

    /// <summary>Cancelled once another session holds the context: this one is over for good.</summary>
    public CancellationToken Fenced => _state.Fenced;

    /// <summary>
    /// Logits behind the last position; empty as long as this session has computed none. Overwritten by the next step.
    /// </summary>
    public ReadOnlyMemory<float> Logits => _driver?.Logits ?? default;

    /// <summary>The latest state of each name, set by this session or found.</summary>
    public IReadOnlyDictionary<string, NamedState> States =>
        _states.Snapshot().Where(state => !Names.IsReservedState(state.Key)).ToDictionary();

    /// <summary>Feeds inputs: one step of the model, or several where they are longer than one.</summary>
    /// <param name="tokens">Token ids.</param>
    /// <param name="cancellationToken">Stops waiting for earlier inputs to be durable; a step is not stopped.</param>
    /// <returns>A task that ends when the model has taken them; durability follows.</returns>
    /// <exception cref="ArgumentException">
    /// A token is out of range, or there are more than the runtime holds; a state's name is not allowed, its content too long, or there are too many. Nothing was fed.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The session has released its context, or somebody else has changed the runtime. Steps before that were fed.
    /// </exception>
    /// <exception cref="OperationCanceledException">Waiting was cancelled. Steps before were fed: <see cref="Length"/> tells.</exception>
    /// <exception cref="SpoolFullException">The spool has no room for them: nothing was fed. Retryable.</exception>
    /// <exception cref="SpoolException">The disk refuses a step: those before it were fed. Retryable.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good.</exception>
    public ValueTask FeedAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken = default) =>
        FeedAsync(tokens, [], cancellationToken);

    /// <summary>Feeds inputs together with states that become durable with them.</summary>
    /// <param name="tokens">Token ids.</param>
    /// <param name="states">Names and contents, as of the length behind the tokens. A context keeps at most <see cref="NamedState.MaxCount"/> names.</param>
    /// <param name="cancellationToken">Stops waiting for earlier inputs to be durable; a step is not stopped.</param>
    /// <inheritdoc cref="FeedAsync(ReadOnlyMemory{int}, CancellationToken)"/>
    public ValueTask FeedAsync(
        ReadOnlyMemory<int> tokens,
        IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> states,
        CancellationToken cancellationToken = default) => _steps.FeedAsync(tokens, states, cancellationToken);

    /// <summary>Generates tokens; each is fed as a step of its own.</summary>
    /// <param name="maxTokens">How many.</param>
    /// <param name="sampler">Chooses from the logits; <see langword="null"/> for the likeliest token.</param>
    /// <param name="cancellationToken">Stops between two tokens. What was made by then stays part of the context.</param>
    /// <returns>The tokens.</returns>
    /// <remarks>
    /// <para>Whatever ends it early, tokens that were made are part of the context: <see cref="GetTokens"/> from the length before has them.</para>
    /// <para>
    /// The model and the sampler run on the session's own thread. Sessions with runtimes of their own compute in parallel, as far as the
    /// runtimes do.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The runtime has no room for so many tokens, or the number is negative: none was made.</exception>
    /// <exception cref="GenerationCanceledException">It was cancelled; the exception has the tokens that were made.</exception>
    /// <exception cref="InvalidOperationException">
    /// The session has released its context, the context is empty, the session has no runtime, or somebody else has changed the runtime: nothing is made from then on.
    /// </exception>
    /// <exception cref="SpoolFullException">The spool has no room for them: none was made. Retryable.</exception>
    /// <exception cref="SpoolException">The disk refuses a step: tokens before it were fed, <see cref="Length"/> tells.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good.</exception>
    public ValueTask<int[]> GenerateAsync(int maxTokens, Sampler? sampler = null, CancellationToken cancellationToken = default) =>
        _steps.GenerateAsync(maxTokens, sampler, cancellationToken);

    /// <summary>Generates tokens one by one, as they are asked for.</summary>
    /// <param name="options">How, and where it ends.</param>
    /// <param name="cancellationToken">Ends it between two tokens.</param>
    /// <returns>The tokens; the last one says why it is the last. Nothing is made before the first is asked for, and each enumeration makes its own.</returns>
    /// <remarks>
    /// <para>
    /// Every token that was handed over is part of the context, and no other: the token that stopped it is, and so are the tokens of a stop string,
    /// which the text leaves out. Its step is computed while the caller looks at it. Leaving the loop, or cancelling, waits for the step that runs and
    /// leaves the context so; <see cref="RewindAsync"/> takes tokens back.
    /// </para>
    /// <para>
    /// While an enumeration is open, calls that feed, generate, compute, rewind or release are refused. <see cref="FlushAsync"/>,
    /// <see cref="SetState"/> and reading are not; <see cref="CloseAsync"/> ends it. Neither the caller's thread nor one of the thread pool waits for the model.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">An option is out of range; or, at the first token, the runtime has not so much room.</exception>
    /// <exception cref="InvalidOperationException">
    /// The session has no runtime; or, as tokens are asked for: another stream is open, the context is empty, the tokenizer lacks a token that the model chose, or
    /// somebody else has changed the runtime.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled; what was handed over is part of the context.</exception>
    /// <exception cref="ObjectDisposedException">The session has ended.</exception>
    /// <exception cref="SpoolFullException">The spool has no room: for any of <see cref="GenerateOptions.MaxTokens"/> at the first token, or for one more. Retryable.</exception>
    /// <exception cref="SpoolException">The disk refuses a step.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good.</exception>
    public IAsyncEnumerable<GeneratedToken> GenerateStreamAsync(GenerateOptions options, CancellationToken cancellationToken = default) =>
        _steps.GenerateStreamAsync(options, cancellationToken);

    /// <summary>Inputs of the context, those that were generated among them.</summary>
    /// <param name="firstPosition">First position, 0 to <see cref="Length"/>.</param>
    /// <returns>Token ids from there to the end; a copy.</returns>
    public int[] GetTokens(long firstPosition = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        return _history.TokensFrom(firstPosition);
    }

    /// <summary>Computes the logits behind the last position, if this session has not: its step is run once more.</summary>
    /// <param name="cancellationToken">Stops waiting for the turn.</param>
    /// <returns><see cref="Logits"/>.</returns>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    public ValueTask<ReadOnlyMemory<float>> ComputeLogitsAsync(CancellationToken cancellationToken = default) =>
        _steps.ComputeLogitsAsync(cancellationToken);

    /// <summary>Sets a state as of the present length; it becomes durable with the next inputs, or soon by itself.</summary>
    /// <param name="name">See <see cref="Names.RequireAgentState"/>.</param>
    /// <param name="content">At most 64 KiB; copied.</param>
    /// <exception cref="ArgumentException">The name is not allowed, the content too long, or it would be the context's 65th name.</exception>
    /// <exception cref="SpoolException">The spool has no room for it, or the disk refuses it: it is not set.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    public void SetState(string name, ReadOnlyMemory<byte> content)
    {
        _state.ThrowIfOver();
        _steps.SetState(name, content);
    }

    /// <summary>Waits until all inputs, states and KV are durable.</summary>
    /// <param name="cancellationToken">Stops waiting: without it, this takes as long as the store is away.</param>
    /// <returns>A task that ends when they are.</returns>
    /// <exception cref="InvalidOperationException">The runtime has failed: inputs and states are durable, and KV will not be.</exception>
    /// <exception cref="ObjectDisposedException">The session has ended.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => TracedAsync(
        "swarm.flush", () => _streamer.FlushAsync(_history.Length, cancellationToken), _control.Metrics.Flushed);

    /// <summary>Forgets all positions from one on. Raises the epoch.</summary>
    /// <param name="length">Positions to keep, 0 to <see cref="Length"/>.</param>
    /// <param name="cancellationToken">Stops waiting; the rewind may still take effect.</param>
    /// <returns>A task that ends when it is durable.</returns>
    /// <remarks>
    /// Within a step, what is kept of it is computed again as a shorter step, so that its KV is what a successor would
    /// compute.
    /// </remarks>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good.</exception>
    public async ValueTask RewindAsync(long length, CancellationToken cancellationToken = default)
    {
        await TracedAsync("swarm.rewind", () => RewindInTurnAsync(length, cancellationToken)).ConfigureAwait(false);
    }

    private async ValueTask RewindInTurnAsync(long length, CancellationToken cancellationToken)
    {
        await _turn.EnterAsync(cancellationToken).ConfigureAwait(false);

        // Once asked for it cannot be called off: who gives up waiting leaves the turn to it.
        var rewinding = RewindCoreAsync(length, cancellationToken).Observed();
        await rewinding.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    void IStepSink.Reserve(int tokens, int maxStep, IReadOnlyList<NamedState> states) => Reserve(tokens, maxStep, states);

    void IStepSink.EndReservation() => _spool?.EndReservation();

    bool IStepSink.MayStep() => MayStep();

    ValueTask IStepSink.WaitForRoomAsync(CancellationToken cancellationToken) => _state.WaitAsync(MayStep, cancellationToken);

    void IStepSink.Record(ReadOnlySpan<int> tokens, IReadOnlyList<NamedState> states)
    {
        _state.ThrowIfOver();
        if (_spool is not null)
        {
            _spool.AppendStep(tokens, states);
        }
        else
        {
            _history.AppendStep(tokens);
            foreach (var state in states)
            {
                _states.Set(state);
            }
        }

        _streamer.Work.Fire();
    }

    void IStepSink.KeepStates(IReadOnlyList<NamedState> states)
    {
        foreach (var state in states)
        {
            if (_spool is null)
            {
                _states.Set(state);
            }
            else
            {
                _spool.AppendState(state);
            }
        }

        _streamer.Work.Fire();
    }

    int IStepSink.CountStatesWith(IReadOnlyList<NamedState> states) => _states.CountWith(states);

    void IStepSink.NoteLogits() => NoteLogits();

    void IStepSink.NoteComputed()
    {
        NoteLogits();
        _streamer.Work.Fire();
    }

    void IStepSink.NoteFailed(InvalidOperationException? fault) => _streamer.NoteRuntimeFault(fault);

    private bool MayStep() => _spool is not null || _history.Length - _state.Durable.Tokens <= _options.MaxUndurableTokens;

    private async Task RewindCoreAsync(long length, CancellationToken cancellationToken)
    {
        try
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _history.Length);
            _driver?.RequireUndisturbed();
            var boundary = _history.FloorToStep((int)length);
            var kept = boundary < length ? _history.StepAt(boundary)[..((int)length - boundary)] : [];
            Reserve(kept.Length, int.MaxValue, []);
            await _state.WaitAsync(() => _state.Durable.Tokens >= boundary, cancellationToken).ConfigureAwait(false);
            await _streamer.RewindAsync(
                boundary,
                () =>
                {
                    _driver?.Truncate(boundary);
                    _history.Truncate(boundary);
                    _states.Truncate(boundary);
                }).ConfigureAwait(false);
            KeepNumerics(_numerics.CutTo(boundary), boundary);
            if (kept.Length > 0)
            {
                await _steps.FeedRestAsync(kept).ConfigureAwait(false);
            }
        }
        finally
        {
            Leave();
        }
    }
}
