namespace Swarm;

/// <summary>Where a new session gets its KV from.</summary>
public enum RehydrationStrategy
{
    /// <summary>Load stored KV, and recompute only what is missing.</summary>
    LoadKv = 0,

    /// <summary>Recompute everything from the stored inputs: re-prefill.</summary>
    Recompute = 1,

    /// <summary>
    /// Load stored KV, and while the next of it takes longer to come than a step takes to compute, compute: for a store that is
    /// far away and a model that is small. The choice is made run by run; the report tells how it went.
    /// </summary>
    Fastest = 2,
}
