using Orleans.Concurrency;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Grains.Abstractions;

/// <summary>One agent: which contexts it holds, and what it is offered if it has joined the fleet.</summary>
/// <remarks>Key: <c>tenant/agent</c>. What it knows is of its activation's lifetime, and a hint: who holds a context, its <see cref="IContextGrain"/> says.</remarks>
[Alias("swarm.agent.v3")]
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

    /// <summary>Tells what the agent has and can, and waits for offers. While it is called again and again, the agent is a member of the fleet.</summary>
    /// <param name="report">What the agent tells of itself.</param>
    /// <param name="waitSeconds">How long to wait for an offer, at most 30 s.</param>
    /// <returns>Offers that came; none after the wait, or when another poll has come.</returns>
    [Alias("poll")]
    Task<OfferMessage[]> PollAsync(MemberReport report, double waitSeconds);

    /// <summary>Answers an offer.</summary>
    /// <param name="offer">The offer.</param>
    /// <param name="isAccepted">Whether the agent does what it was offered.</param>
    /// <returns>Whether the offer stood still.</returns>
    [Alias("answer")]
    Task<bool> AnswerAsync(Guid offer, bool isAccepted);

    /// <summary>The agent leaves the fleet.</summary>
    /// <param name="session">Its membership.</param>
    /// <returns>A task that ends when that is noted.</returns>
    [Alias("leave")]
    Task LeaveAsync(Guid session);

    /// <summary>Delivers an offer of the fleet.</summary>
    /// <param name="offer">The offer.</param>
    /// <returns>A task that ends when it is sent.</returns>
    [Alias("offer"), OneWay]
    Task OfferAsync(OfferMessage offer);

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
