using Swarm.Client.Sessions;
using Swarm.Client.Streaming;

namespace Swarm.Client.InMemory;

/// <summary>A standby in a swarm in memory: what is durable is at hand, so it never lags, and fills its runtime when it takes over.</summary>
/// <param name="store">The contexts.</param>
/// <param name="context">The one that it follows.</param>
/// <param name="claim">The runtime.</param>
/// <param name="takeOver">Takes the context over with that runtime.</param>
internal sealed class InMemoryStandby(
    InMemoryStore store,
    InMemoryContext context,
    RuntimeClaim claim,
    Func<SessionWish, MemoryOptions?, CancellationToken, Task<IAgentMemory>> takeOver) : IAgentStandby
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile bool _hasEnded;

    public string Context => context.Name;

    public StandbyStatus Status
    {
        get
        {
            var info = store.Describe(context);
            return new StandbyStatus(info.Epoch, info.Durable, info.Durable, !_hasEnded, 0, 0, 0) { HasEnded = _hasEnded };
        }
    }

    public StandbyLag Lag => default;

    public Task Changed => Task.WhenAny(store.Changed.Next, store.Grown.Next);

    public Task WaitForCatchUpAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _hasEnded ? throw Ended() : Task.CompletedTask;
    }

    public int[] GetTokens(long firstPosition = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        lock (store.Lock)
        {
            return context.Inputs.TokensFrom(firstPosition);
        }
    }

    public Task<IAgentMemory> TakeOverAsync(TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        TakeOverAsync(SessionWish.ToTakeOver(mode), options, cancellationToken);

    /// <summary>The same, as a wish says.</summary>
    public async Task<IAgentMemory> TakeOverAsync(SessionWish wish, MemoryOptions? options, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_hasEnded)
            {
                throw wish.OnlyInEpoch is { } only
                    ? new SwarmRefusedException(new Refusal(
                        RefusalCode.EpochChanged,
                        $"This agent has taken context '{Context}' over by another offer, or disposed of its standby: the offer is void.",
                        new Epoch(only)))
                    : Ended();
            }

            var memory = await takeOver(wish, options, cancellationToken).ConfigureAwait(false);
            _hasEnded = true;
            return memory;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        if (!_hasEnded)
        {
            _hasEnded = true;
            claim.Dispose();
        }

        _turn.Release();
    }

    private InvalidOperationException Ended() =>
        new($"The standby of context '{Context}' has ended: it took the context over, or was disposed of. Make another one.");
}
