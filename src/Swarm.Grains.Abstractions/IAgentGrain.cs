using Orleans.Concurrency;

namespace Swarm.Grains.Abstractions;

/// <summary>One agent: which contexts it holds. No request of an agent waits for it: contexts tell it, one way.</summary>
/// <remarks>Key: <c>tenant/agent</c>. What it knows is of its activation's lifetime, and a hint: who holds a context, its <see cref="IContextGrain"/> says.</remarks>
[Alias("swarm.agent.v2")]
public interface IAgentGrain : IGrainWithStringKey
{
    /// <summary>Notes that the agent holds a context.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="epoch">Its session's epoch.</param>
    /// <returns>A task that ends when the note is sent.</returns>
    [Alias("holds"), OneWay]
    Task NoteHeldAsync(string context, ulong epoch);

    /// <summary>Notes that the agent holds a context no more: it gave it back, or another agent took it over.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="epoch">Epoch of the session that is over. A later one of the agent is left as it is.</param>
    /// <returns>A task that ends when the note is sent.</returns>
    [Alias("lost"), OneWay]
    Task NoteOverAsync(string context, ulong epoch);

    /// <summary>Contexts that this agent holds as far as this activation knows.</summary>
    /// <returns>Context names with their epochs.</returns>
    [Alias("held")]
    Task<IReadOnlyList<HeldContext>> GetHeldAsync();
}

/// <summary>A context that an agent holds.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Epoch">Its epoch.</param>
[GenerateSerializer, Immutable, Alias("swarm.held.v1")]
public sealed record HeldContext([property: Id(0)] string Context, [property: Id(1)] ulong Epoch);
