using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Swarm.DataPlane.Client;

namespace Swarm.Client.Streaming;

/// <summary>Streams a session out in the background: keeps it attached, runs its lanes, starts again from the watermarks.</summary>
internal sealed class Streamer : IAsyncDisposable
{
    private const int MaxPermanentRefusals = 8;

    private readonly CancellationTokenSource _stop = new();
    private readonly string _context;
    private readonly SessionState _state;
    private readonly SessionLink _link;
    private readonly SiloWatch _watch;
    private readonly StateOutbox _states;
    private readonly InputLane _inputs;
    private readonly RuntimeDriver? _driver;
    private readonly KvLane? _kv;
    private readonly KvRepair? _repair;
    private readonly MemoryOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ClientMetrics _metrics;
    private readonly ILogger _logger;
    private CancellationTokenSource _pause = new();
    private Rewinding? _rewinding;
    private Task _running = Task.CompletedTask;
    private InvalidOperationException? _tooLargeStep;
    private int _flushing;

    public Streamer(
        string context,
        InputHistory history,
        StateOutbox states,
        RuntimeDriver? driver,
        IReadOnlyList<(int First, int Count)> damaged,
        SessionState state,
        SessionLink link,
        MemoryOptions options,
        TimeProvider timeProvider,
        ClientMetrics metrics,
        ILogger logger)
    {
        _context = context;
        _state = state;
        _link = link;
        _watch = new SiloWatch(link, options, timeProvider);
        _states = states;
        _driver = driver;
        _options = options;
        _timeProvider = timeProvider;
        _metrics = metrics;
        _logger = logger;
        _inputs = new InputLane(this, history, states, options, timeProvider);
        if (driver is not null)
        {
            _kv = new KvLane(this, history, driver, _inputs, options, timeProvider);
            _repair = new KvRepair(context, this, _kv, history, damaged, state.Changed.Fire, logger);
        }
    }

    /// <summary>Fires when there may be work for a lane.</summary>
    public Pulse Work { get; } = new();

    /// <summary>Whether somebody waits for everything to be durable, so that nothing waits for a batch.</summary>
    public bool IsFlushing => Volatile.Read(ref _flushing) > 0;

    /// <summary>Lets nothing wait for a batch from here on; <see cref="EndSendingAtOnce"/> ends it.</summary>
    public void SendAtOnce()
    {
        Interlocked.Increment(ref _flushing);
        Work.Fire();
    }

    /// <summary>Ends what <see cref="SendAtOnce"/> has begun.</summary>
    public void EndSendingAtOnce() => Interlocked.Decrement(ref _flushing);

    /// <summary>Why streaming broke off, as long as it has not begun again; else <see langword="null"/>.</summary>
    public string? LastFault { get; private set; }

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Waits until inputs and KV up to a length are durable, and states; and damaged KV was sent again.</summary>
    /// <exception cref="InvalidOperationException">The runtime has failed, or the silo does not take so much KV at once: inputs and states are durable, and KV will not be.</exception>
    public async ValueTask FlushAsync(long length, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _flushing);
        Work.Fire();
        try
        {
            InvalidOperationException? fault = null;
            await _state.WaitAsync(
                () =>
                {
                    fault = null;
                    return _state.Durable.Tokens >= length && _states.IsDurable && (IsKvDurable(length) || (fault = _driver?.Fault ?? Volatile.Read(ref _tooLargeStep)) is not null);
                },
                cancellationToken).ConfigureAwait(false);
            if (fault is not null)
            {
                throw new InvalidOperationException(fault.Message, fault.InnerException);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _flushing);
        }
    }

    /// <summary>Tells those who wait for KV that it cannot be sent to this silo.</summary>
    public void NoteTooLargeStep(InvalidOperationException fault)
    {
        if (Interlocked.Exchange(ref _tooLargeStep, fault) is null)
        {
            ClientLog.RuntimeFailed(_logger, _context, fault.Message);
            _state.Changed.Fire();
        }
    }

    /// <summary>Tells those who wait for KV that it will not come.</summary>
    public void NoteRuntimeFault(Exception? fault)
    {
        if (fault is not null)
        {
            ClientLog.RuntimeFailed(_logger, _context, fault.Message);
            _state.Changed.Fire();
        }
    }

    /// <summary>Cuts the context back, then whatever is kept here, while no lane runs.</summary>
    /// <returns>A task that ends when that is done, or the session is over: there is no giving up in between.</returns>
    public async Task RewindAsync(long length, Action apply)
    {
        var rewinding = new Rewinding(length, apply, Activity.Current);
        _rewinding = rewinding;
        await Volatile.Read(ref _pause).CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(rewinding.Done.Task, _running).ConfigureAwait(false);
        if (!rewinding.Done.Task.IsCompletedSuccessfully)
        {
            _state.ThrowIfOver();
            throw new OperationCanceledException("The session ended before the rewind.");
        }
    }

    /// <summary>Waits in the background until an append is durable. A failure ends the present run: the next begins at the watermarks.</summary>
    /// <param name="append">Ends when it is durable.</param>
    /// <param name="fault">Of the present run; receives whatever fails.</param>
    /// <param name="done">Called when the append is over.</param>
    /// <param name="durable">Called before that, where it is durable.</param>
    public void Track(Task<Watermarks> append, TaskCompletionSource fault, Action done, Action durable) =>
        _ = TrackAsync(append, fault, done, durable);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _link.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Never fails: what does is the fault of the run.</summary>
    private async Task TrackAsync(Task<Watermarks> append, TaskCompletionSource fault, Action done, Action durable)
    {
        try
        {
            try
            {
                await append.ConfigureAwait(false);
                durable();
            }
            finally
            {
                done();
            }
        }
        catch (Exception exception)
        {
            fault.TrySetException(exception);
            _ = fault.Task.Exception; // Seen, should the run have ended before.
        }

        _state.Changed.Fire();
    }

    private bool IsKvDurable(long length) => _kv is null || (_state.Durable.Kv >= length && _repair is not { IsOver: false });

    private async Task RunAsync()
    {
        ClientTrace.Leave();
        var attempt = 0;
        var progress = _state.Durable;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync().ConfigureAwait(false);
                attempt = 0;
            }
            catch (Exception) when (_stop.IsCancellationRequested || _state.Fenced.IsCancellationRequested)
            {
                break;
            }
            catch (StaleEpochException stale)
            {
                if (!_state.IsReleasing && !_state.IsReleased)
                {
                    ClientLog.Fenced(_logger, _context, _state.Epoch.Value);
                }

                _state.Fence(stale.Refusal);
                break;
            }
            catch (SwarmRefusedException gone) when (gone.Refusal.Code == RefusalCode.NotFound)
            {
                // It was there when the session began.
                if (!_state.IsReleasing && !_state.IsReleased)
                {
                    ClientLog.Fenced(_logger, _context, _state.Epoch.Value);
                }

                _state.Fence(gone.Refusal with { Message = $"Context '{_context}' is not in the store any more: it was erased, or another store is in the place of the one that it was in. The session is over." });
                break;
            }
            catch (ObjectDisposedException disposed) when (_link.IsClientDisposed)
            {
                ClientLog.StreamingFailed(_logger, _context, disposed);
                _state.Fail(new SwarmTransportException(
                    "The session's client was disposed, so that it cannot connect again. Dispose sessions before their client.",
                    isTransient: false,
                    disposed));
                break;
            }
            catch (Exception exception)
            {
                attempt = _state.Durable == progress ? attempt + 1 : 1;
                progress = _state.Durable;
                if (attempt >= MaxPermanentRefusals && exception is SwarmRefusedException { IsTransient: false })
                {
                    ClientLog.StreamingFailed(_logger, _context, exception);
                    _state.Fail(exception);
                    break;
                }

                LastFault = exception.Message;
                if (!_state.IsReleasing && !_state.IsReleased)
                {
                    _metrics.Broke();
                    ClientLog.StreamingBroke(_logger, _context, attempt, exception.Message); // Of a release, the silo tells the session too.
                }

                await _link.DropAsync().ConfigureAwait(false);
                await BackOffAsync(attempt).ConfigureAwait(false);
            }
        }
    }

    private async Task RunOnceAsync()
    {
        if (_pause.IsCancellationRequested)
        {
            _pause = new CancellationTokenSource();
        }

        if (_rewinding is { } rewinding)
        {
            await CarryOutAsync(rewinding).ConfigureAwait(false);
            rewinding.Apply();
            _rewinding = null;
            rewinding.Done.TrySetResult();
        }

        var session = await _link.AttachAsync(_stop.Token).ConfigureAwait(false);
        LastFault = null;
        Volatile.Write(ref _tooLargeStep, null);
        using var run = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, _link.Over, _pause.Token);
        var fault = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _states.Rewind();
        List<Task> lanes =
        [
            _inputs.RunAsync(session, fault, run.Token),
            HeartbeatAsync(session, run.Token),
            _watch.RunAsync(session, run.Token),
            fault.Task,
        ];
        if (_kv is not null)
        {
            lanes.Add(_kv.RunAsync(session, _repair!, fault, run.Token));
        }

        var first = await Task.WhenAny(lanes).ConfigureAwait(false);
        await run.CancelAsync().ConfigureAwait(false);
        fault.TrySetCanceled(CancellationToken.None);
        await Task.WhenAll(lanes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first.IsFaulted)
        {
            await first.ConfigureAwait(false);
        }

        if (_link.Over.IsCancellationRequested && !_stop.IsCancellationRequested)
        {
            throw new SwarmTransportException(_link.OverReason, isTransient: true);
        }
    }

    /// <summary>As a part of the trace of whoever asked for the rewind.</summary>
    private async Task CarryOutAsync(Rewinding rewinding)
    {
        Activity.Current = rewinding.Caller;
        await _link.RewindAsync(rewinding.Length, _watch, _stop.Token).ConfigureAwait(false);
    }

    private async Task HeartbeatAsync(DataPlaneSession session, CancellationToken cancellationToken)
    {
        while (true)
        {
            session.SendHeartbeat();
            await Task.Delay(_options.HeartbeatInterval, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task BackOffAsync(int attempt)
    {
        var ceiling = Math.Min(_options.MaxReconnectDelay.TotalMilliseconds, 20 * Math.Pow(2, Math.Min(attempt, 16)));
        var delay = TimeSpan.FromMilliseconds(ceiling * (0.5 + (Random.Shared.NextDouble() / 2)));
        try
        {
            await Task.Delay(delay, _timeProvider, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private sealed record Rewinding(long Length, Action Apply, Activity? Caller)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
