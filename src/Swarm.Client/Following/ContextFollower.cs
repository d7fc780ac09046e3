using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.DataPlane;
using Swarm.DataPlane.Client;

namespace Swarm.Client.Following;

/// <summary>Keeps a runtime at what is durable of a context: through rewinds, epochs, moves, damaged KV and lost connections.</summary>
/// <remarks>
/// One loop writes into history and runtime, until <see cref="StopAsync"/> has ended; then they are the caller's. What was followed stays,
/// so that another <see cref="Start"/> goes on from there.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer and no wait handle.")]
internal sealed class ContextFollower
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(30);

    private readonly string _context;
    private readonly ControlPlane _control;
    private readonly RuntimeClaim _claim;
    private readonly TimeProvider _time;
    private readonly TimeSpan _siloSilence;
    private readonly ILogger _logger;
    private readonly List<(int First, int Count)> _damaged = [];
    private readonly LogitsWanted _logitsWanted = new();
    private InputHistory? _history;
    private RuntimeDriver? _driver;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private FollowPass? _pass;

    /// <summary>Makes one that follows nothing yet.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="control">The grains, and the connections.</param>
    /// <param name="claim">The runtime; the caller disposes of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="siloSilence">After this long without anything from the silo the context is looked for elsewhere.</param>
    /// <param name="logger">Where logs go.</param>
    public ContextFollower(
        string context, ControlPlane control, RuntimeClaim claim, TimeProvider time, TimeSpan siloSilence, ILogger logger)
    {
        _context = context;
        _control = control;
        _claim = claim;
        _time = time;
        _siloSilence = siloSilence;
        _logger = logger;
        Progress = new FollowProgress(time);
    }

    /// <summary>How far it has come.</summary>
    public FollowProgress Progress { get; }

    /// <summary>The context's inputs, as far as it has them. Not before <see cref="AttachFirstAsync"/>.</summary>
    public InputHistory History => _history!;

    /// <summary>The runtime. Not before <see cref="AttachFirstAsync"/>.</summary>
    public RuntimeDriver Driver => _driver!;

    /// <summary>The right to the runtime.</summary>
    public RuntimeClaim Claim => _claim;

    /// <summary>Whether it has begun to follow.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The slowest tier that KV came from.</summary>
    public KvTier Tier { get; private set; }

    /// <summary>Positions of the runtime whose KV was computed ahead; read after <see cref="StopAsync"/>.</summary>
    public int ComputedAhead => _pass?.ComputedAhead ?? 0;

    /// <summary>Runs of KV that were damaged or missing in the store, as they were stored.</summary>
    public IReadOnlyList<(int First, int Count)> Damaged => _damaged;

    /// <summary>Finds the context, sees that it can be followed, and begins.</summary>
    /// <exception cref="WrongModelException">The context belongs to another model.</exception>
    /// <exception cref="SwarmRefusedException">There is no such context, or the silo refused for another reason.</exception>
    /// <exception cref="SwarmTransportException">The silos cannot be reached, or do not know followers.</exception>
    /// <exception cref="ArgumentException">The context has more positions than the runtime holds.</exception>
    public async Task AttachFirstAsync(CancellationToken cancellationToken)
    {
        var failing = _time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var attached = await AttachAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    RequireRoom(attached.Attachment.Durable.Tokens);
                    _driver!.Clear();
                }
                catch
                {
                    await attached.DisposeAsync().ConfigureAwait(false);
                    throw;
                }

                Run(attached);
                return;
            }
            catch (Exception exception) when (_control.MayRepeat(exception, failing))
            {
                await _control.DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Goes on after <see cref="StopAsync"/>.</summary>
    public void Start()
    {
        if (_pass?.AheadFrom is { } ahead)
        {
            CutTo(new Watermarks(History.Length, ahead));
        }

        Run(null);
    }

    /// <summary>Sees, after <see cref="StopAsync"/>, that what is here is the KV that is durable, as far as that goes; what is not is forgotten.</summary>
    /// <param name="attachment">Where KV is read.</param>
    /// <param name="durableKv">Positions whose KV is durable.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task ConfirmAsync(DataPlaneAttachment attachment, long durableKv, CancellationToken cancellationToken)
    {
        if (_pass is { } pass && !await pass.ConfirmAsync(attachment, durableKv, cancellationToken).ConfigureAwait(false))
        {
            CutTo(new Watermarks(History.Length, History.FloorToStep(pass.AheadFrom!.Value)));
            _pass = null;
        }
    }

    /// <summary>
    /// Asks for the logits behind the last position, as soon as all that is durable is here: while the context is acquired, nothing else needs
    /// the runtime. Inputs whose KV is not durable are computed too. If the holder goes on all the same, that is taken back.
    /// </summary>
    public void ComputeAhead() => _logitsWanted.Ask();

    /// <summary>
    /// Computes along with the holder, so that the logits behind its last position are here when it releases the context. What is computed
    /// stays where the holder's KV turns out to be the same, byte by byte; where it does not, nothing more is computed ahead.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when it is as far as the holder, as far as is known here.</returns>
    public Task ComputeAlongAsync(CancellationToken cancellationToken)
    {
        var computed = _logitsWanted.Computed;
        _logitsWanted.AskLasting();
        return computed.WaitAsync(cancellationToken);
    }

    /// <summary>Ends what <see cref="ComputeAlongAsync"/> has begun.</summary>
    public void ComputeNoMore() => _logitsWanted.Withdraw();

    /// <summary>Waits until it has been told of an epoch, and has some positions of it.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="positions">Positions whose inputs it is to have.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="SwarmTransportException">It has not come so far for as long as control calls are repeated, or has ended.</exception>
    public async Task WaitForAsync(Epoch epoch, long positions, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            var changed = Progress.Changed; // Before the status, so that no change slips between.
            var status = Progress.Status;
            if (Progress.ConfirmedEpoch >= epoch && status.Held.Tokens >= positions)
            {
                return;
            }

            var fault = new SwarmTransportException(
                $"The standby of context '{_context}' has not been told of epoch {epoch}: {status.Fault ?? "its silo does not answer"}.", isTransient: true);
            if (status.HasEnded || !_control.MayRepeat(fault, started))
            {
                throw fault;
            }

            using var wake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(changed, Task.Delay(TimeSpan.FromSeconds(1), _time, wake.Token)).ConfigureAwait(false);
            await wake.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends the loop. History and runtime stay as they are, and nothing is written into them any more.</summary>
    public async Task StopAsync()
    {
        _logitsWanted.Withdraw();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    /// <summary>Says that it follows no more.</summary>
    public void End(string? fault) => Progress.Change(status => status with { HasEnded = true, IsConnected = false, Fault = fault });

    private void Run(FollowLink? attached)
    {
        HasBegun = true;
        _stop = new CancellationTokenSource();
        _running = Task.Run(() => RunAsync(attached, _stop.Token), CancellationToken.None);
    }

    private async Task RunAsync(FollowLink? attached, CancellationToken stop)
    {
        ClientTrace.Leave();
        var logged = _time.GetTimestamp();
        for (var attempt = 0; !stop.IsCancellationRequested; attempt++)
        {
            string reason;
            try
            {
                attached ??= await AttachAsync(stop).ConfigureAwait(false);
                var before = Progress.Status.Held;
                await using (attached.ConfigureAwait(false))
                {
                    await FollowAsync(attached, stop).ConfigureAwait(false);
                }

                stop.ThrowIfCancellationRequested();
                attempt = Progress.Status.Held == before ? attempt : 0;
                reason = attached.Observer.Reason;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception) when (IsPassing(exception))
            {
                reason = exception.Message;
            }
            catch (Exception exception)
            {
                ClientLog.StandbyFailed(_logger, _context, exception.Message);
                End(exception.Message);
                return;
            }

            attached = null;
            if (attempt < 3 || _time.GetElapsedTime(logged) >= LogInterval)
            {
                logged = _time.GetTimestamp();
                ClientLog.StandbyBroke(_logger, _context, attempt + 1, reason);
            }

            Progress.Change(status => status with { IsConnected = false, Fault = reason, Reconnects = status.Reconnects + 1 });
            await _control.DelayAsync(attempt, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Progress.Change(status => status with { IsConnected = false });
    }

    /// <summary>Whether a failure is one to try again after: a connection, a silo, a full pool of blocks; not a context that is another one, or gone.</summary>
    private bool IsPassing(Exception exception) => !_control.IsClosed && exception switch
    {
        SwarmTransportException transport => transport.IsTransient,
        SwarmRefusedException refused => refused.Refusal.Code
            is not (RefusalCode.NotFound or RefusalCode.WrongModel or RefusalCode.Unauthorized or RefusalCode.Invalid),
        InvalidOperationException => _driver?.Fault is null,
        _ => false,
    };

    private async Task<FollowLink> AttachAsync(CancellationToken cancellationToken)
    {
        var endpoint = await _control.LocateAsync(_context, cancellationToken).ConfigureAwait(false);
        var connection = await _control.Connections.RentAsync(DataPlaneEndpoint.Parse(endpoint), cancellationToken).ConfigureAwait(false);
        var observer = new FollowObserver((epoch, durable) => Progress.Change(status => status with { Durable = durable }));
        try
        {
            var attachment = await connection.Client.AttachReaderAsync(_context, observer, cancellationToken).ConfigureAwait(false);
            var attached = new FollowLink(endpoint, connection, attachment, observer);
            try
            {
                Prepare(attachment);
                return attached;
            }
            catch
            {
                await attachment.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            observer.Dispose();
            throw;
        }
    }

    private void Prepare(DataPlaneAttachment attachment)
    {
        var runtime = _claim.Runtime;
        if (attachment.Model != runtime.Fingerprint)
        {
            throw new WrongModelException(new Refusal(
                RefusalCode.WrongModel,
                $"Context '{_context}' belongs to model {attachment.Model}, the runtime's is {runtime.Fingerprint}: use that model."));
        }

        if (!attachment.MayFollow)
        {
            throw new SwarmTransportException(
                $"The silo that has context '{_context}' is of an earlier build, whose contexts cannot be followed: update it.", isTransient: false);
        }

        if (_history is null)
        {
            _history = new InputHistory(new PrefixHasher(attachment.TenantKey, attachment.Model, attachment.BlockTokens));
            _driver = new RuntimeDriver(runtime, _history, _claim.Steps);
            _history.Reserve(attachment.Durable.Tokens);
        }

        Progress.Change(status => status with
        {
            Epoch = status.Epoch == default ? attachment.Epoch : status.Epoch,
            Durable = attachment.Durable,
            IsConnected = true,
            Fault = null,
        });
    }

    private void RequireRoom(long positions)
    {
        if (positions > _claim.Runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"Context '{_context}' has {positions} positions; the runtime holds {_claim.Runtime.MaxPositions}. "
                + "Give the model a larger cache, or rewind the context.");
        }
    }

    /// <summary>Follows on one attachment until that is over.</summary>
    private async Task FollowAsync(FollowLink attached, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, attached.Observer.Over);
        var watching = WatchAsync(attached, over.Token);
        try
        {
            while (true)
            {
                await FollowOnceAsync(attached.Attachment, over.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Stopped, or the attachment is over.
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }
    }

    /// <summary>Follows until something is taken back, which it cuts off.</summary>
    private async Task FollowOnceAsync(DataPlaneAttachment attachment, CancellationToken cancellationToken)
    {
        var pass = _pass = new FollowPass(_context, History, Driver, Progress, _logitsWanted, RequireRoom, _time, _logger).After(_pass);
        try
        {
            await pass.RunAsync(attachment, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Tier = pass.Tier > Tier ? pass.Tier : Tier;
            _damaged.AddRange(pass.Damaged.Except(_damaged));
        }

        CutTo(pass.Kept);
    }

    /// <summary>Forgets what was taken back, and what was imported of it and is not committed.</summary>
    private void CutTo(Watermarks kept)
    {
        var (history, driver) = (History, Driver);
        driver.CutTo((int)Math.Min(Math.Min(kept.Kv, kept.Tokens), driver.Runtime.Length));
        if (kept.Tokens < history.Length)
        {
            history.Truncate((int)kept.Tokens);
        }

        _damaged.RemoveAll(run => run.First + run.Count > driver.Runtime.Length);
        ClientLog.StandbyCut(_logger, _context, Progress.Status.Epoch.Value, history.Length, driver.Runtime.Length);
        var held = Math.Min(driver.Runtime.Length, _pass?.AheadFrom ?? int.MaxValue);
        Progress.Change(status => status with { Held = new Watermarks(history.Length, held) });
    }

    /// <summary>Looks elsewhere while the silo says nothing: one that hangs does not close its connections.</summary>
    private async Task WatchAsync(FollowLink attached, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(_siloSilence / 4, _time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested || attached.Attachment.Silence < _siloSilence)
            {
                continue;
            }

            try
            {
                if (await _control.LocateAsync(_context, over).ConfigureAwait(false) is var found && found != attached.Endpoint)
                {
                    attached.Connection.Retire();
                    attached.Observer.OnLost(new SwarmTransportException($"the silo is silent, and the context on {found}", isTransient: true));
                }
            }
            catch (Exception exception) when (exception is SwarmRefusedException or SwarmTransportException or OperationCanceledException or ObjectDisposedException)
            {
                // Nobody knows: it may still be here.
            }
        }
    }
}
