namespace Swarm;

/// <summary>One agent by name: opens contexts and takes them over. Thread-safe.</summary>
public interface ISwarmAgent
{
    /// <summary>Agent name.</summary>
    string Name { get; }

    /// <inheritdoc cref="SwarmAgent.OpenAsync(string, IKvRuntime, MemoryOptions?, CancellationToken)"/>
    Task<IAgentMemory> OpenAsync(
        string context, IKvRuntime runtime, MemoryOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.OpenAsync(string, ModelDescriptor, MemoryOptions?, CancellationToken)"/>
    Task<IAgentMemory> OpenAsync(
        string context, ModelDescriptor model, MemoryOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.OpenWithPromptAsync(string, IKvRuntime, ReadOnlyMemory{int}, MemoryOptions?, CancellationToken)"/>
    Task<IAgentMemory> OpenWithPromptAsync(
        string context,
        IKvRuntime runtime,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.TakeOverAsync(string, IKvRuntime, TakeOver, MemoryOptions?, CancellationToken)"/>
    Task<IAgentMemory> TakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.OpenOrTakeOverAsync(string, IKvRuntime, TakeOver, MemoryOptions?, CancellationToken)"/>
    Task<IAgentMemory> OpenOrTakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.OpenOrTakeOverAsync(string, ModelDescriptor, TakeOver, MemoryOptions?, CancellationToken)"/>
    Task<IAgentMemory> OpenOrTakeOverAsync(
        string context, ModelDescriptor model, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.StandByAsync(string, IKvRuntime, CancellationToken)"/>
    Task<IAgentStandby> StandByAsync(string context, IKvRuntime runtime, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.JoinAsync(AgentProfile, CancellationToken)"/>
    Task<IFleetMember> JoinAsync(AgentProfile profile, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SwarmAgent.RecoverSpoolAsync(string, string, CancellationToken)"/>
    Task<IReadOnlyList<SpoolLeftover>> RecoverSpoolAsync(
        string context, string spoolPath, CancellationToken cancellationToken = default);
}
