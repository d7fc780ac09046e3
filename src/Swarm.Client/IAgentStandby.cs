namespace Swarm;

/// <summary>A standby: follows a context that it does not hold, ready to take it over.</summary>
public interface IAgentStandby : IAsyncDisposable
{
    /// <inheritdoc cref="AgentStandby.Context"/>
    string Context { get; }

    /// <inheritdoc cref="AgentStandby.Status"/>
    StandbyStatus Status { get; }

    /// <inheritdoc cref="AgentStandby.Lag"/>
    StandbyLag Lag { get; }

    /// <inheritdoc cref="AgentStandby.Changed"/>
    Task Changed { get; }

    /// <inheritdoc cref="AgentStandby.WaitForCatchUpAsync(CancellationToken)"/>
    Task WaitForCatchUpAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentStandby.GetTokens(long)"/>
    int[] GetTokens(long firstPosition = 0);

    /// <inheritdoc cref="AgentStandby.TakeOverAsync(TakeOver, MemoryOptions?, CancellationToken)"/>
    Task<IAgentMemory> TakeOverAsync(TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default);
}
