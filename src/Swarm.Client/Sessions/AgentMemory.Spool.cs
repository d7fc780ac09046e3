using Swarm.Client.Spool;

namespace Swarm;

/// <content>What has to do with the spool, and with what a fenced session leaves over.</content>
public sealed partial class AgentMemory
{
    private volatile bool _isDiscarded;

    /// <summary>
    /// What an earlier process of this agent had spooled: the session went on, and these inputs count as fed. Without, or
    /// for a new session, <see langword="null"/>.
    /// </summary>
    public SpoolRecovery? Recovery { get; }

    /// <summary>Inputs of earlier sessions of this agent that were fenced before they were durable; found in the spool.</summary>
    public IReadOnlyList<SpoolLeftover> Leftovers { get; }

    /// <summary>Bytes of the spool on this machine's disk; 0 without one.</summary>
    public long SpoolBytes => _spool?.UsedBytes ?? 0;

    /// <summary>Feeds what a fenced session had left over, in the steps in which that session fed it.</summary>
    /// <param name="leftover">The inputs; typically this context is a fork of theirs at their first position.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <returns>A task that ends when the model has taken them; durability follows.</returns>
    /// <exception cref="ArgumentException">They do not begin at <see cref="Length"/>.</exception>
    /// <inheritdoc cref="FeedAsync(ReadOnlyMemory{int}, CancellationToken)"/>
    public ValueTask FeedAsync(SpoolLeftover leftover, CancellationToken cancellationToken = default) =>
        _steps.FeedAsync(Context, leftover, cancellationToken);

    /// <summary>What of this fenced session's inputs never became part of its context.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Inputs to append to a fork, or <see langword="null"/> where nothing is left over.</returns>
    /// <exception cref="InvalidOperationException">The session is not fenced: what it fed is still on its way.</exception>
    /// <exception cref="SwarmTransportException">The silos cannot be reached. Retryable.</exception>
    public async Task<SpoolLeftover?> GetLeftoverAsync(CancellationToken cancellationToken = default)
    {
        if (!Fenced.IsCancellationRequested)
        {
            throw new InvalidOperationException(
                $"The session on '{Context}' is not fenced: what it has fed is on its way. Flush it, or go on.");
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var first = (int)_state.Durable.Tokens; // As the last word on this session's own epoch.
            var fed = new LeftoverFinder.Fed(
                Context, _model, Epoch, _history.HashAt(first), _history.Slice(first, int.MaxValue), _states.Undurable(), null);
            var left = await _leftovers.FindAsync(fed, () => _isDiscarded = true, cancellationToken).ConfigureAwait(false);
            _state.NoteTold(); // The caller has what is left over: disposing gives nothing up behind its back.
            return left;
        }
        finally
        {
            _turn.Leave();
        }
    }

    /// <summary>Makes sure that the spool has room for some steps, before the first of them.</summary>
    private void Reserve(int tokens, int maxStep, IReadOnlyList<NamedState> states)
    {
        if (_spool is not null && tokens > 0)
        {
            var steps = (tokens + (long)maxStep - 1) / maxStep;
            _spool.Reserve(SpoolBuffer.StepBytes(tokens, states) + ((steps - 1) * SpoolBuffer.StepBytes(0, [])));
        }
    }

    private void Leave()
    {
        _spool?.EndReservation();
        _turn.Leave();
    }
}
