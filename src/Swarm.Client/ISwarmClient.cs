namespace Swarm;

/// <summary>A swarm as one agent process sees it. Thread-safe.</summary>
/// <remarks>
/// <see cref="SwarmClient"/> is connected to silos; <see cref="InMemorySwarm"/> keeps all of it in the memory of a process, for tests.
/// New versions may add members, so do not implement this interface yourself: use <see cref="InMemorySwarm"/>
/// as the test double.
/// </remarks>
public interface ISwarmClient : IAsyncDisposable
{
    /// <inheritdoc cref="SwarmClient.Agent(string)"/>
    ISwarmAgent Agent(string name);

    /// <inheritdoc cref="SwarmClient.GetStatusAsync(string, CancellationToken)"/>
    Task<ContextInfo> GetStatusAsync(string context, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmClient.GetFleetAsync(CancellationToken)"/>
    Task<IReadOnlyList<FleetAgent>> GetFleetAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmClient.ForkAsync(string, string, long?, CancellationToken)"/>
    Task<Forked> ForkAsync(string parent, string name, long? position = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmClient.EraseAsync(string, CancellationToken)"/>
    Task<bool> EraseAsync(string context, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmClient.OpenReaderAsync(string, CancellationToken)"/>
    Task<IContextReader> OpenReaderAsync(string context, CancellationToken cancellationToken = default);
}
