using Swarm.Client.InMemory;

namespace Swarm;

/// <summary>
/// A swarm in the memory of this process, to test agents without a silo: contexts, holders, epochs, fencing, forks and rewinds as those of silos.
/// Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// Give agents an <see cref="ISwarmClient"/>, from <see cref="SwarmClient"/> in production and from <see cref="Connect"/> in tests. KV is kept as the
/// runtime gives it, and a successor loads it. What a step feeds is durable when the step ends, so that there is never anything to drain,
/// to spool or to lose: <see cref="MemoryOptions.SpoolPath"/> and the times and sizes of <see cref="MemoryOptions"/> are checked, and have no effect.
/// </para>
/// <para>
/// A session has heartbeats as long as it is open. Closing one without a release is what a crash is: it holds its context until it is taken over.
/// </para>
/// </remarks>
/// <param name="timeProvider">The clock that heartbeats and waiting go by; <see langword="null"/> for the system's.</param>
public sealed class InMemorySwarm(TimeProvider? timeProvider = null)
{
    private readonly InMemoryStore _store = new(timeProvider ?? TimeProvider.System);

    /// <summary>A client of it, as one agent process has it.</summary>
    /// <param name="tenant">Tenant name: clients of one tenant see the same contexts, and nothing of others.</param>
    /// <returns>The client; disposing it ends its calls, and leaves sessions and contexts as they are.</returns>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    public ISwarmClient Connect(string tenant = "default") => new InMemoryClient(_store, NameArguments.Check(Names.RequireTenant, tenant, nameof(tenant)));
}
