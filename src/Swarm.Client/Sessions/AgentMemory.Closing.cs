using Swarm.Client;
using Swarm.Grains.Abstractions;

namespace Swarm;

/// <content>How a session ends.</content>
public sealed partial class AgentMemory
{
    private TaskCompletionSource<SessionClose>? _closing;

    /// <summary>Makes everything durable and gives the context back, for a named successor or for anybody.</summary>
    /// <param name="to">The successor's agent name, or empty.</param>
    /// <param name="cancellationToken">Stops waiting; the release may still take effect.</param>
    /// <returns>A task that ends when the context is free. The successor recomputes nothing.</returns>
    /// <exception cref="InvalidOperationException">The runtime has failed, so that KV is missing; the inputs are durable. Nothing was released.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="SwarmTransportException">Streaming ended for good, or the silos do not answer.</exception>
    public async ValueTask ReleaseAsync(string to = "", CancellationToken cancellationToken = default)
    {
        if (to.Length > 0)
        {
            NameArguments.Check(Names.RequireAgent, to, nameof(to));
        }

        await TracedAsync("swarm.release", () => ReleaseCoreAsync(to, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Drains what is not durable, for a bounded time, and ends the session. Does not release the context.</summary>
    /// <remarks>
    /// <para>
    /// The drain waits for at most <see cref="MemoryOptions.DrainTimeout"/>. With a spool, nothing is given up: the agent's next session on the
    /// context goes on with this one, as long as nobody has taken over. KV that is not durable is never missed: it is computed from the inputs.
    /// </para>
    /// <para>
    /// Thrown while another exception is on its way, as at the end of an <c>await using</c> block that failed, <see cref="NotDurableException"/>
    /// takes that one's place. <see cref="CloseAsync"/> in a <c>finally</c> block, or
    /// <see cref="MemoryOptions.ThrowIfNotDurable"/> switched off, leave it. Nothing is thrown where a call of this session has already said that it
    /// is over: thrown so, or told by <see cref="GetLeftoverAsync"/>.
    /// </para>
    /// </remarks>
    /// <returns>A task that ends when nothing of the session runs any more.</returns>
    /// <exception cref="NotDurableException">Inputs or states were given up: neither durable nor in a spool. The session is over all the same.</exception>
    public async ValueTask DisposeAsync()
    {
        if (Volatile.Read(ref _closing) is { } running)
        {
            await ((Task)running.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Whoever closes it has the result, or the exception.
            return;
        }

        var isTold = _state.IsTold;
        var close = await CloseAsync().ConfigureAwait(false);
        if (close.IsLossy && !isTold && _options.ThrowIfNotDurable)
        {
            throw new NotDurableException(Context, _agent, close, Remedy());
        }
    }

    /// <summary>Ends the session as <see cref="DisposeAsync"/> does, and tells what is durable in place of throwing. Look at the result.</summary>
    /// <param name="cancellationToken">Stops the drain at once: what is not durable by then is given up, or stays in the spool.</param>
    /// <returns>What is durable, and what was given up. The same, if the session has ended before.</returns>
    public async ValueTask<SessionClose> CloseAsync(CancellationToken cancellationToken = default)
    {
        var mine = new TaskCompletionSource<SessionClose>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _closing, mine, null) is { } earlier)
        {
            return await earlier.Task.ConfigureAwait(false);
        }

        _turn.NoteClosing();
        try
        {
            var close = await CloseCoreAsync(cancellationToken).ConfigureAwait(false);
            mine.SetResult(close);
            return close;
        }
        catch (Exception exception)
        {
            mine.SetException(exception);
            _ = mine.Task.Exception; // Thrown here.
            throw;
        }
    }

    private async ValueTask ReleaseCoreAsync(string to, CancellationToken cancellationToken)
    {
        await _turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _streamer.FlushAsync(_history.Length, cancellationToken).ConfigureAwait(false);
            await GiveBackAsync(to, cancellationToken).ConfigureAwait(false);
            await _streamer.DisposeAsync().ConfigureAwait(false);
            _control.Metrics.Remove(this);
            _control.Remove(this);
            _claim?.Dispose();
            if (_spool is not null)
            {
                await _spool.DeleteAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Leave();
        }
    }

    private async Task<SessionClose> CloseCoreAsync(CancellationToken cancellationToken)
    {
        var reason = await DrainAsync(cancellationToken).ConfigureAwait(false);
        _state.End();
        await _streamer.DisposeAsync().ConfigureAwait(false);
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false); // A step that runs yet: the runtime is its own until it ends.
        try
        {
            var isKept = _spool is not null && !_isDiscarded && (_isGivenUp || !_state.IsReleased);
            if (isKept)
            {
                await _spool!.DisposeAsync().ConfigureAwait(false);
            }
            else if (_spool is not null)
            {
                await _spool.DeleteAsync().ConfigureAwait(false);
            }

            var durable = _state.Durable;
            var undurable = _history.Slice((int)durable.Tokens, int.MaxValue);
            var states = _states.Undurable().Where(state => !Names.IsReservedState(state.Name)).ToList(); // Swarm's own tell of inputs that were given up.
            var isGivenUp = _spool is null;
            var close = new SessionClose(
                _history.Length,
                durable,
                isGivenUp ? undurable : new InputRun(_history.Length, default, default),
                isGivenUp ? [.. states.Select(state => state.Name)] : [],
                isKept ? undurable.Tokens.Length : 0,
                isKept ? _spool!.Location : null,
                undurable.Tokens.IsEmpty && states.Count == 0 && durable.Kv >= _history.Length ? null : reason ?? "it was fed while the session was being closed");
            if (close.Reason is not null)
            {
                ClientLog.NotDrained(
                    _logger, Context, undurable.Tokens.Length, states.Count, close.WithoutKv, isKept ? "kept in the spool" : "given up", close.Reason);
            }

            return close;
        }
        finally
        {
            _control.Metrics.Remove(this);
            _control.Remove(this);
            _claim?.Dispose();
            _turn.Leave();
        }
    }

    /// <summary>Waits for what is not durable yet.</summary>
    /// <returns>Why it is not; <see langword="null"/> if it is.</returns>
    private async ValueTask<string?> DrainAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_options.DrainTimeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await _streamer.FlushAsync(_history.Length, either.Token).ConfigureAwait(false);
            return null;
        }
        catch (InvalidOperationException) when (_state.IsReleased)
        {
            return _isGivenUp ? "the session could not begin with its prompt, and gave its context back as far as that was durable" : null;
        }
        catch (OperationCanceledException)
        {
            var what = cancellationToken.IsCancellationRequested
                ? $"{nameof(CloseAsync)} was cancelled before the drain ended"
                : $"the store did not take it within {nameof(MemoryOptions.DrainTimeout)} {_options.DrainTimeout}";
            return _streamer.LastFault is { } fault ? $"{what}; the last fault: {fault}" : what;
        }
        catch (Exception exception) when (exception is InvalidOperationException or SwarmRefusedException or SwarmTransportException)
        {
            return exception.Message;
        }
    }

    private string Remedy() => Fenced.IsCancellationRequested
        ? $"Another session holds the context: {nameof(GetLeftoverAsync)} tells which of them are no part of it, to append to a fork. With "
            + $"{nameof(MemoryOptions)}.{nameof(MemoryOptions.SpoolPath)} they are kept on this machine's disk."
        : $"The exception's {nameof(NotDurableException.Close)} has the inputs. Await {nameof(FlushAsync)} before the session ends, raise "
            + $"{nameof(MemoryOptions.DrainTimeout)}, or set {nameof(MemoryOptions)}.{nameof(MemoryOptions.SpoolPath)}, which keeps them on this machine's "
            + $"disk; {nameof(CloseAsync)} ends a session with a result in place of this exception.";

    /// <summary>Gives the context back as it is in the store.</summary>
    private async Task GiveBackAsync(string to, CancellationToken cancellationToken)
    {
        _state.BeginReleasing();
        try
        {
            var epoch = _state.Epoch;
            await RequestReleaseAsync(new ReleaseContext(Context, epoch.Value, _link.SecretHash, to), epoch, cancellationToken).ConfigureAwait(false);
            _state.Release();
        }
        finally
        {
            if (_state.StopReleasing())
            {
                ClientLog.Fenced(_logger, Context, _state.Epoch.Value);
            }
        }
    }

    private async Task RequestReleaseAsync(ReleaseContext request, Epoch epoch, CancellationToken cancellationToken)
    {
        var started = _timeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await _control.ReleaseAsync(request, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StaleEpochException stale) when (attempt > 0 && stale.Refusal.CurrentEpoch == epoch.Next)
            {
                return; // The attempt before took effect, and its answer was lost.
            }
            catch (Exception exception) when (_control.MayRepeat(exception, started))
            {
                await _control.DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code is RefusalCode.StaleEpoch or RefusalCode.NotFound)
            {
                _state.Fence(refused.Refusal, isTold: true); // It takes effect when the session stops releasing.
                throw;
            }
        }
    }
}
