using Swarm.Client.Handoffs;
using Swarm.Client.Sessions;
using Swarm.Core.Inference;
using Swarm.Core.Models;

namespace Swarm.Client;

/// <summary>One agent by name: opens contexts and takes them over.</summary>
public sealed class SwarmAgent
{
    /// <summary>Agent name.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>Opens a context that nobody holds, or makes it.</summary>
    public Task<AgentMemory> OpenAsync(
        string context, IKvRuntime runtime, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Opens a context for an agent whose KV is computed elsewhere: tokens alone.</summary>
    public Task<AgentMemory> OpenAsync(
        string context, ModelDescriptor model, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Takes a context over, and waits until it may.</summary>
    public Task<AgentMemory> TakeOverAsync(
        string context,
        IKvRuntime runtime,
        TakeOver mode,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
