using Microsoft.Extensions.Logging;
using Swarm.Client;
using Swarm.Client.Control;
using Swarm.Client.Rehydration;
using Swarm.Client.Spool;
using Swarm.Client.Streaming;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Frames;

namespace Swarm;

/// <summary>One session of an agent on a context: its memory, that streams out while the agent works.</summary>
/// <remarks>
/// Steps run on the caller's thread, one at a time. Inputs and KV leave in the background; a step waits for the network
/// only while more than <see cref="MemoryOptions.MaxUndurableTokens"/> inputs are not durable, and never for KV. With a
/// <see cref="MemoryOptions.SpoolPath"/> it never waits for the network: it writes its inputs to this machine's disk first.
/// </remarks>
public sealed partial class AgentMemory : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Sampler _greedy = new(new SamplerOptions { Temperature = 0 });
    private readonly string _agent;
    private readonly ModelFingerprint _model;
    private readonly ControlPlane _control;
    private readonly InputHistory _history;
    private readonly StateOutbox _states;
    private readonly RuntimeDriver? _driver;
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
        _state = state;
        _link = link;
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        _streamer = new Streamer(
            context, history, states, driver, damaged, state, link, options, timeProvider, control.Metrics, logger);
        KeepNumerics(numerics, damaged.Select(run => (long)run.First).Append(state.Durable.Kv).Min());
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
    public SessionSecret Secret => _link.Secret;

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
    /// <exception cref="ArgumentException">A token is out of range, or there are more than the runtime holds.</exception>
    /// <exception cref="InvalidOperationException">Somebody else has changed the runtime. Steps before that were fed.</exception>
    /// <exception cref="OperationCanceledException">Waiting was cancelled. Steps before were fed: <see cref="Length"/> tells.</exception>
    /// <exception cref="SpoolFullException">The spool has no room for them: nothing was fed. Retryable.</exception>
    /// <exception cref="SpoolException">The disk refuses a step: those before it were fed. Retryable.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good.</exception>
    public ValueTask FeedAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken = default) =>
        FeedAsync(tokens, [], cancellationToken);

    /// <summary>Feeds inputs together with states that become durable with them.</summary>
    /// <param name="tokens">Token ids.</param>
    /// <param name="states">Names and contents, as of the length behind the tokens.</param>
    /// <param name="cancellationToken">Stops waiting for earlier inputs to be durable; a step is not stopped.</param>
    /// <inheritdoc cref="FeedAsync(ReadOnlyMemory{int}, CancellationToken)"/>
    public async ValueTask FeedAsync(
        ReadOnlyMemory<int> tokens,
        IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> states,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(states);
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Check(tokens.Span);
            List<NamedState> checkedStates = [];
            foreach (var (name, content) in states)
            {
                checkedStates.Add(State(name, content, _history.Length + tokens.Length));
            }

            var maxStep = _driver?.MaxStepTokens ?? FrameLimits.MaxAppendTokens;
            Reserve(tokens.Length, maxStep, checkedStates);
            while (!tokens.IsEmpty)
            {
                var step = Math.Min(tokens.Length, maxStep);
                await StepAsync(tokens[..step], tokens.Length == step ? checkedStates : [], cancellationToken)
                    .ConfigureAwait(false);
                tokens = tokens[step..];
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Generates tokens; each is fed as a step of its own.</summary>
    /// <param name="maxTokens">How many.</param>
    /// <param name="sampler">Chooses from the logits; <see langword="null"/> for the likeliest token.</param>
    /// <param name="cancellationToken">Stops between two tokens. What was made by then stays part of the context.</param>
    /// <returns>The tokens.</returns>
    /// <remarks>
    /// <para>Whatever ends it early, tokens that were made are part of the context: <see cref="GetTokens"/> from the length before has them.</para>
    /// <para>
    /// The caller's thread waits for the model: as a rule the call returns when all is computed. Use <see cref="Task.Run(Func{Task})"/> to work on
    /// two contexts beside each other; steps of one model take turns.
    /// </para>
    /// </remarks>
    /// <exception cref="GenerationCanceledException">It was cancelled; the exception has the tokens that were made.</exception>
    /// <exception cref="InvalidOperationException">
    /// The context is empty, the session has no runtime, or somebody else has changed the runtime: nothing is made from then on.
    /// </exception>
    /// <exception cref="SpoolFullException">The spool has no room for them: none was made. Retryable.</exception>
    /// <exception cref="SpoolException">The disk refuses a step: tokens before it were fed, <see cref="Length"/> tells.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good.</exception>
    public async ValueTask<int[]> GenerateAsync(
        int maxTokens, Sampler? sampler = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxTokens);
        var driver = _driver ?? throw new InvalidOperationException(
            "This session has no runtime: it appends tokens alone. Open the context with a runtime to generate.");
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_history.Length == 0)
            {
                throw new InvalidOperationException("The context is empty: feed at least one token before generating.");
            }

            if (_history.Length + (long)maxTokens > driver.Runtime.MaxPositions)
            {
                throw new ArgumentException(
                    $"{maxTokens} tokens behind {_history.Length} positions are over the runtime's {driver.Runtime.MaxPositions}: there is room for "
                    + $"{driver.Runtime.MaxPositions - _history.Length}. Ask for fewer, rewind the context, or give the model a larger cache.",
                    nameof(maxTokens));
            }

            driver.RequireLogits();
            NoteLogits();
            Reserve(maxTokens, 1, []);
            var generated = new int[maxTokens];
            var count = 0;
            try
            {
                for (; count < maxTokens; count++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var token = (sampler ?? _greedy).Sample(driver.Logits.Span, _history.Length);
                    Check([token]);
                    generated[count] = token;
                    await StepAsync(generated.AsMemory(count, 1), [], cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw new GenerationCanceledException(generated[..count], cancellationToken);
            }

            return generated;
        }
        finally
        {
            Leave();
        }
    }

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
    public async ValueTask<ReadOnlyMemory<float>> ComputeLogitsAsync(CancellationToken cancellationToken = default)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_driver is not null)
            {
                _driver.RequireLogits();
                NoteLogits();
            }

            return Logits;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sets a state as of the present length; it becomes durable with the next inputs, or soon by itself.</summary>
    /// <param name="name">See <see cref="Names.RequireAgentState"/>.</param>
    /// <param name="content">At most 64 KiB; copied.</param>
    /// <exception cref="ArgumentException">The name is not allowed, or the content too long.</exception>
    /// <exception cref="SpoolException">The spool has no room for it, or the disk refuses it: it is not set.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    public void SetState(string name, ReadOnlyMemory<byte> content)
    {
        _state.ThrowIfOver();
        var state = State(name, content, _history.Length);
        if (_spool is null)
        {
            _states.Set(state);
        }
        else
        {
            _spool.AppendState(state);
        }

        _streamer.Work.Fire();
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
        await EnterAsync(cancellationToken).ConfigureAwait(false);

        // Once asked for it cannot be called off: who gives up waiting leaves the turn to it.
        var rewinding = RewindCoreAsync(length, cancellationToken);
        await rewinding.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static NamedState State(string name, ReadOnlyMemory<byte> content, long position) =>
        content.Length <= NamedState.MaxBytes
            ? new NamedState(Names.RequireAgentState(name), position, content.ToArray())
            : throw new ArgumentException(
                $"State '{name}' has {content.Length} bytes; at most {NamedState.MaxBytes} are allowed.", nameof(content));

    private async ValueTask StepAsync(
        ReadOnlyMemory<int> tokens, IReadOnlyList<NamedState> states, CancellationToken cancellationToken)
    {
        _driver?.RequireUndisturbed();

        // Tokens first: they are on their way while the model computes.
        if (_spool is not null)
        {
            _state.ThrowIfOver();
            _spool.AppendStep(tokens.Span, states);
        }
        else
        {
            await _state.WaitAsync(
                () => _history.Length - _state.Durable.Tokens <= _options.MaxUndurableTokens, cancellationToken)
                .ConfigureAwait(false);
            _history.AppendStep(tokens.Span);
            foreach (var state in states)
            {
                _states.Set(state);
            }
        }

        _streamer.Work.Fire();
        if (_driver is not null)
        {
            try
            {
                _driver.CatchUp(CancellationToken.None);
                NoteLogits();
            }
            catch
            {
                _streamer.NoteRuntimeFault(_driver.Fault);
                throw;
            }

            _streamer.Work.Fire();
        }
    }

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
                await StepAsync(kept, [], CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            Leave();
        }
    }

    private async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _closing) is not null, this);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _state.ThrowIfOver();
        }
        catch
        {
            _turn.Release();
            throw;
        }
    }

    private void Check(ReadOnlySpan<int> tokens)
    {
        if (_driver?.Runtime is not { } runtime)
        {
            return;
        }

        if (_history.Length + (long)tokens.Length > runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"{tokens.Length} tokens behind {_history.Length} positions are over the runtime's {runtime.MaxPositions}. "
                + "Rewind the context, or give the model a larger cache.",
                nameof(tokens));
        }

        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)runtime.VocabularySize)
            {
                throw new ArgumentException(
                    $"Token {token} is outside 0 to {runtime.VocabularySize - 1}.", nameof(tokens));
            }
        }
    }
}
