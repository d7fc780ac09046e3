using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions.Fleet;

/// <summary>What an agent of a fleet tells of itself with each poll.</summary>
/// <param name="Session">Its membership: a process that joins under the same name takes the place of the one before.</param>
/// <param name="Models">Fingerprints of the models that it can run.</param>
/// <param name="FreePositions">Positions of KV that it has room for.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Follows">Contexts that it follows as a standby.</param>
/// <param name="Holds">Contexts that it holds.</param>
/// <param name="Number">Grows with each report of a membership: polls may overtake each other.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.report.v1")]
public sealed record MemberReport(
    [property: Id(0)] Guid Session,
    [property: Id(1)] Digest256[] Models,
    [property: Id(2)] long FreePositions,
    [property: Id(3)] Dictionary<string, string> Labels,
    [property: Id(4)] FollowedContext[] Follows,
    [property: Id(5)] int Holds,
    [property: Id(6)] long Number);

/// <summary>A context that an agent follows.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Tokens">Positions whose inputs it has.</param>
/// <param name="Kv">Positions whose KV it has.</param>
/// <param name="Lag">Positions whose KV is durable, as far as it knows, and not there.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.followed.v1")]
public sealed record FollowedContext([property: Id(0)] string Context, [property: Id(1)] long Tokens, [property: Id(2)] long Kv, [property: Id(3)] long Lag);

/// <summary>Why a context needs another holder.</summary>
[GenerateSerializer]
public enum HandoffNeed
{
    /// <summary>It does not.</summary>
    None = 0,

    /// <summary>It was released.</summary>
    Released = 1,

    /// <summary>Nothing was heard of its holder for longer than its policy allows.</summary>
    Silent = 2,

    /// <summary>Its holder's connection was lost, and did not come again.</summary>
    ConnectionLost = 3,

    /// <summary>Its holder asks for a successor, and goes on until there is one.</summary>
    Planned = 4,
}

/// <summary>What a silo tells a fleet of a context that is open on it.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Holder">Its holder, or empty.</param>
/// <param name="ReservedFor">The successor that the last holder named, or empty.</param>
/// <param name="Model">Fingerprint of its model.</param>
/// <param name="Tokens">Positions whose inputs are durable.</param>
/// <param name="Policy">Its handoff policy.</param>
/// <param name="Need">Whether it needs another holder.</param>
/// <param name="NeedSeconds">For how long it has.</param>
/// <param name="WasHeld">Whether somebody has held it since the silo opened it. One that was found without a holder is wanted only if somebody follows it.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.context.v1")]
public sealed record ContextNote(
    [property: Id(0)] string Context,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] string Holder,
    [property: Id(3)] string ReservedFor,
    [property: Id(4)] Digest256 Model,
    [property: Id(5)] long Tokens,
    [property: Id(6)] HandoffPolicy Policy,
    [property: Id(7)] HandoffNeed Need,
    [property: Id(8)] double NeedSeconds,
    [property: Id(9)] bool WasHeld = true);

/// <summary>A context that is offered to an agent.</summary>
/// <param name="Id">Names the offer in its answer.</param>
/// <param name="IsStandby">Whether the agent is to follow it; otherwise to take it over.</param>
/// <param name="Context">Context name.</param>
/// <param name="Epoch">The epoch in which it is offered: in another one the offer is void.</param>
/// <param name="Holder">Who holds it, or held it last; or empty.</param>
/// <param name="Model">Fingerprint of its model.</param>
/// <param name="Positions">Its positions, roughly.</param>
/// <param name="Need">Why it is offered; <see cref="HandoffNeed.None"/> for a standby.</param>
/// <param name="Reason">The same in words.</param>
/// <param name="AnswerSeconds">Time for an answer. Afterwards the next agent is asked.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.offer.v1")]
public sealed record OfferMessage(
    [property: Id(0)] Guid Id,
    [property: Id(1)] bool IsStandby,
    [property: Id(2)] string Context,
    [property: Id(3)] ulong Epoch,
    [property: Id(4)] string Holder,
    [property: Id(5)] Digest256 Model,
    [property: Id(6)] long Positions,
    [property: Id(7)] HandoffNeed Need,
    [property: Id(8)] string Reason,
    [property: Id(9)] double AnswerSeconds);

/// <summary>What became of a request for a successor.</summary>
/// <param name="Successor">The agent that is ready to take over; empty: none yet, ask again.</param>
/// <param name="Refusal">Why there will be none, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.successor.v1")]
public sealed record SuccessorAnswer([property: Id(0)] string Successor, [property: Id(1)] Refusal? Refusal);

/// <summary>What a fleet tells a silo that asks it.</summary>
/// <param name="HasMembers">Whether any agent has joined.</param>
/// <param name="Activation">Changes when the fleet has forgotten everything: tell it of all contexts anew.</param>
/// <param name="Version">The version of its directory that the silo has with the changes.</param>
/// <param name="Changes">What has changed in its directory since the version that the silo has.</param>
/// <param name="IsWhole">Whether the changes are the whole directory.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.state.v1")]
public sealed record FleetState(
    [property: Id(0)] bool HasMembers,
    [property: Id(1)] Guid Activation,
    [property: Id(2)] long Version,
    [property: Id(3)] DirectoryEntry[] Changes,
    [property: Id(4)] bool IsWhole);

/// <summary>Where a context is open that a fleet has to look after.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Silo">The silo; empty if it is open nowhere; <see langword="null"/> if the fleet does not have to look after it any more.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.directory-entry.v1")]
public sealed record DirectoryEntry([property: Id(0)] string Context, [property: Id(1)] Guid? Silo);

/// <summary>An agent of a fleet, for people.</summary>
/// <param name="Name">Agent name.</param>
/// <param name="Report">What it told last.</param>
/// <param name="AgeSeconds">How long ago.</param>
[GenerateSerializer, Immutable, Alias("swarm.fleet.member.v1")]
public sealed record MemberState([property: Id(0)] string Name, [property: Id(1)] MemberReport Report, [property: Id(2)] double AgeSeconds);
