namespace Swarm.Client.Rehydration;

/// <summary>Where a new session gets its KV from.</summary>
public enum RehydrationStrategy
{
    /// <summary>Load stored KV, and recompute only what is missing.</summary>
    LoadKv = 0,

    /// <summary>Recompute everything from the stored inputs: re-prefill.</summary>
    Recompute = 1,
}
