using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Following;
using Swarm.Client.Sessions;
using Swarm.Client.Streaming;

namespace Swarm;

/// <summary>A hot standby: its runtime follows a context that it does not hold, and takes it over without loading it.</summary>
/// <remarks>
/// It only reads: it disturbs nobody, holds nothing, and may be there for its own sake, as to watch. All members may be called from any
/// thread.
/// </remarks>
public sealed class AgentStandby : IAgentStandby
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ContextFollower _follower;
    private readonly ControlPlane _control;
    private readonly SessionStarter _sessions;
    private bool _isOver;

    private AgentStandby(string context, string agent, ContextFollower follower, ControlPlane control, SessionStarter sessions)
    {
        Context = context;
        _follower = follower;
        _control = control;
        _sessions = sessions;
        control.Metrics.AddStandby(this, () => _follower.Progress.Lag.KvPositions);
        control.Add(this, agent);
    }

    /// <summary>Context name.</summary>
    public string Context { get; }

    /// <summary>How far it has come, as one snapshot.</summary>
    public StandbyStatus Status => _follower.Progress.Status;

    /// <summary>How far it is behind what is durable.</summary>
    public StandbyLag Lag => _follower.Progress.Lag;

    /// <summary>Completes at the next change of <see cref="Status"/>. Read it before the status, and no change slips between.</summary>
    public Task Changed => _follower.Progress.Changed;

    /// <summary>Begins to follow.</summary>
    internal static async Task<AgentStandby> StartAsync(
        string context,
        string agent,
        IKvRuntime runtime,
        ControlPlane control,
        SessionStarter sessions,
        SwarmClientOptions options,
        CancellationToken cancellationToken)
    {
        var claim = RuntimeClaim.ForStandby(runtime, context, agent);
        var follower = new ContextFollower(
            context, control, claim, options.TimeProvider, new MemoryOptions().SiloSilence, options.LoggerFactory.CreateLogger<AgentStandby>());
        try
        {
            await follower.AttachFirstAsync(cancellationToken).ConfigureAwait(false);
            return new AgentStandby(context, agent, follower, control, sessions);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Waits until it is connected, and holds all inputs and KV that it knows to be durable.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when that is so; it may lag again a moment later.</returns>
    /// <exception cref="InvalidOperationException">The standby has ended.</exception>
    public async Task WaitForCatchUpAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var changed = Changed;
            if (Lag.Time == TimeSpan.Zero)
            {
                return;
            }

            if (Status is { HasEnded: true } status)
            {
                throw Ended(status);
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Copies inputs that it holds.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <returns>Token ids from there to the end.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative, or behind the end.</exception>
    public int[] GetTokens(long firstPosition = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        return _follower.History.TokensFrom(firstPosition);
    }

    /// <summary>Takes the context over: fences its holder, fetches what is missing, and goes on. What the standby holds is not read again.</summary>
    /// <param name="mode">What is waited for; the standby follows meanwhile.</param>
    /// <param name="options">Settings of the session; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    /// <returns>
    /// The session, ready for the next token, with the standby's runtime. <see cref="RehydrationReport.Held"/> of its
    /// <see cref="AgentMemory.Rehydration"/> tells how much was there. The standby has ended then.
    /// </returns>
    /// <remarks>If this fails, the standby follows on, and the call may be repeated.</remarks>
    /// <exception cref="InvalidOperationException">The standby has ended.</exception>
    /// <exception cref="SwarmRefusedException">The context does not exist any more, or the request was refused for another reason: see <see cref="SwarmRefusedException.Refusal"/>.</exception>
    /// <exception cref="SpoolException">The spool is in use, or cannot be read or written.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached.</exception>
    public Task<AgentMemory> TakeOverAsync(TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        TakeOverAsync(SessionWish.ToTakeOver(mode), options, cancellationToken);

    /// <summary>The same, as a wish says.</summary>
    internal async Task<AgentMemory> TakeOverAsync(SessionWish wish, MemoryOptions? options, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Status is { HasEnded: true } status)
            {
                throw Ended(status);
            }

            try
            {
                var memory = await _sessions.TakeOverAsync(_follower, Context, wish, options, cancellationToken).ConfigureAwait(false);
                _isOver = true;
                _control.Metrics.RemoveStandby(this);
                _follower.End(fault: null);
                _control.Remove(this);
                return memory;
            }
            catch
            {
                await _follower.StopAsync().ConfigureAwait(false);
                if (!_follower.Progress.Status.HasEnded)
                {
                    _follower.Start();
                }

                throw;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Computes along with the holder, which is about to release the context, until this takes it over or <see cref="ComputeNoMore"/>.</summary>
    /// <param name="patience">How long to wait at most.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when it has come as far as the holder, or was waited for that long.</returns>
    internal async Task ComputeAlongAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        await _follower.ComputeAlongAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Ends what <see cref="ComputeAlongAsync"/> has begun.</summary>
    internal void ComputeNoMore() => _follower.ComputeNoMore();

    async Task<IAgentMemory> IAgentStandby.TakeOverAsync(TakeOver mode, MemoryOptions? options, CancellationToken cancellationToken) =>
        await TakeOverAsync(mode, options, cancellationToken).ConfigureAwait(false);

    /// <summary>Stops following, and gives the runtime back. After a take-over it does nothing: the runtime is the session's. Harmless if repeated.</summary>
    /// <returns>A task that ends when nothing is written into the runtime any more.</returns>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            _control.Metrics.RemoveStandby(this);
            await _follower.StopAsync().ConfigureAwait(false);
            _follower.End(_follower.Progress.Status.Fault);
            _control.Remove(this);
            _follower.Claim.Dispose();
        }
        finally
        {
            _turn.Release();
        }
    }

    private InvalidOperationException Ended(StandbyStatus status) => new(
        _isOver
            ? $"The standby of context '{Context}' has ended: it took the context over, or was disposed of. Make another one."
            : $"The standby of context '{Context}' has ended: {status.Fault} Dispose of it, and make another one.");
}
