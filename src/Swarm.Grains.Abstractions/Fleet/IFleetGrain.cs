using Orleans.Concurrency;

namespace Swarm.Grains.Abstractions.Fleet;

/// <summary>The agents of one tenant that have joined, and who of them is offered which context.</summary>
/// <remarks>
/// Key: <c>tenant/fleet</c>. All that it knows is of its activation's lifetime, and told to it anew when that is lost. It decides who is <em>asked</em>
/// to take a context; who has it is decided by the context's epoch.
/// </remarks>
[Alias("swarm.fleet.v1")]
public interface IFleetGrain : IGrainWithStringKey
{
    /// <summary>Notes what an agent tells of itself.</summary>
    /// <param name="agent">Agent name.</param>
    /// <param name="report">What it tells.</param>
    /// <returns>A task that ends when the note is sent.</returns>
    [Alias("report"), OneWay]
    Task ReportAsync(string agent, MemberReport report);

    /// <summary>Notes that an agent has left.</summary>
    /// <param name="agent">Agent name.</param>
    /// <param name="session">Its membership; another one of that name stays.</param>
    /// <returns>A task that ends when the note is sent.</returns>
    [Alias("leave"), OneWay]
    Task LeaveAsync(string agent, Guid session);

    /// <summary>Notes an agent's answer to an offer.</summary>
    /// <param name="agent">Agent name.</param>
    /// <param name="offer">The offer.</param>
    /// <param name="isAccepted">Whether it follows, or takes over; for a planned handoff: that it is ready to.</param>
    /// <returns>Whether the offer stood still. Otherwise the context is offered to somebody else.</returns>
    [Alias("answer")]
    Task<bool> AnswerAsync(string agent, Guid offer, bool isAccepted);

    /// <summary>Whether there is anybody to offer something to, and where contexts are open.</summary>
    /// <param name="silo">The silo that asks.</param>
    /// <param name="activation">The activation whose directory it has a copy of.</param>
    /// <param name="version">Version of that copy; 0 without one.</param>
    /// <returns>The state. Ask again at once after <see cref="FleetDirectory.MaxChanges"/> changes.</returns>
    [Alias("state")]
    Task<FleetState> GetStateAsync(Guid silo, Guid activation, long version);

    /// <summary>Takes in a silo's copy of the directory of the activation before.</summary>
    /// <param name="entries">The copy.</param>
    /// <returns>A task that ends when it is taken in.</returns>
    [Alias("remember")]
    Task RememberAsync(DirectoryEntry[] entries);

    /// <summary>Notes contexts of a silo: those that are new to it, or have changed.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="contexts">The contexts.</param>
    /// <param name="closed">Those that are not open there any more: open nowhere, or not to be looked after any more.</param>
    /// <returns>A task that ends when it has noted them: nobody else tells of what is closed.</returns>
    [Alias("note")]
    Task NoteContextsAsync(Guid silo, ContextNote[] contexts, DirectoryEntry[] closed);

    /// <summary>Finds a successor for a holder that asks for one. Waits a while; repeat it until there is one.</summary>
    /// <param name="context">The context; its need is <see cref="HandoffNeed.Planned"/>.</param>
    /// <param name="reason">Why, for whoever is offered the context.</param>
    /// <returns>The successor, once it is ready.</returns>
    [Alias("find-successor")]
    Task<SuccessorAnswer> FindSuccessorAsync(ContextNote context, string reason);

    /// <summary>The agents that have joined.</summary>
    /// <returns>Them, in the order of their names.</returns>
    [Alias("members")]
    Task<MemberState[]> GetMembersAsync();
}
