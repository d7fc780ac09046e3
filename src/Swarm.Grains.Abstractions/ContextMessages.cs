using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions;

/// <summary>A request to acquire a context.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Agent">Agent name.</param>
/// <param name="SecretHash">Hash of the session's secret, fresh for each acquisition.</param>
/// <param name="Mode">What to do about the present holder.</param>
/// <param name="TimeoutSeconds">For <see cref="AcquireMode.IfHolderTimedOut"/>: seconds without a heartbeat of the holder.</param>
/// <param name="Model">A new context is made with it; an old one must have its fingerprint.</param>
/// <param name="BlockTokens">Positions of a block, for a new context.</param>
/// <param name="MayCreate">Whether a context that does not exist is made.</param>
/// <param name="TakesOwn">Whether a session of the same agent is fenced at once, whatever the mode.</param>
/// <param name="OnlyInEpoch">The epoch that must be in force, as in an offer of the fleet; <see langword="null"/> for any.</param>
[GenerateSerializer, Immutable, Alias("swarm.acquire.v1")]
public sealed record AcquireContext(
    [property: Id(0)] string Context,
    [property: Id(1)] string Agent,
    [property: Id(2)] Digest256 SecretHash,
    [property: Id(3)] AcquireMode Mode,
    [property: Id(4)] double TimeoutSeconds,
    [property: Id(5)] ModelDescriptor Model,
    [property: Id(6)] int BlockTokens,
    [property: Id(7)] bool MayCreate,
    [property: Id(8)] bool TakesOwn = false,
    [property: Id(9)] ulong? OnlyInEpoch = null);

/// <summary>What to do about the present holder of a context.</summary>
[GenerateSerializer]
public enum AcquireMode
{
    /// <summary>Only if nobody holds it, or it was released for this agent or for anybody.</summary>
    IfFree = 0,

    /// <summary>Also if its holder has timed out.</summary>
    IfHolderTimedOut = 1,

    /// <summary>In any case: the holder is fenced.</summary>
    Force = 2,
}

/// <summary>A lease, or why there is none.</summary>
/// <param name="Lease">The lease, or <see langword="null"/>.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.acquire-answer.v1")]
public sealed record AcquireAnswer([property: Id(0)] ContextLease? Lease, [property: Id(1)] Refusal? Refusal);

/// <summary>What a session needs to go on with a context.</summary>
/// <param name="Epoch">Epoch granted.</param>
/// <param name="PreviousEpoch">Epoch in force before.</param>
/// <param name="PreviousHolder">Agent that held it before, or empty.</param>
/// <param name="DurableTokens">Positions whose inputs are durable.</param>
/// <param name="DurableKv">Positions whose KV is durable.</param>
/// <param name="BlockTokens">Positions of a block.</param>
/// <param name="DataPlane">Address of the data plane, <c>host:port</c>.</param>
/// <param name="TenantKey">Key of the tenant's block hashes, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("swarm.lease.v1")]
public sealed record ContextLease(
    [property: Id(0)] ulong Epoch,
    [property: Id(1)] ulong PreviousEpoch,
    [property: Id(2)] string PreviousHolder,
    [property: Id(3)] long DurableTokens,
    [property: Id(4)] long DurableKv,
    [property: Id(5)] int BlockTokens,
    [property: Id(6)] string DataPlane,
    [property: Id(7)] byte[] TenantKey)
{
    /// <summary>What the context lost with a segment of a log, until an operator has looked into it; <see langword="null"/>: nothing.</summary>
    [Id(8)]
    public ContextLoss? Loss { get; init; }
}

/// <summary>A request to give a context back.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Epoch">Epoch of the session.</param>
/// <param name="SecretHash">Hash of the session's secret.</param>
/// <param name="To">Successor's agent name, or empty for anybody.</param>
[GenerateSerializer, Immutable, Alias("swarm.release.v1")]
public sealed record ReleaseContext(
    [property: Id(0)] string Context,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] Digest256 SecretHash,
    [property: Id(3)] string To);

/// <summary>An epoch, or a refusal.</summary>
/// <param name="Epoch">The epoch in force afterwards.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.epoch-answer.v1")]
public sealed record EpochAnswer([property: Id(0)] ulong Epoch, [property: Id(1)] Refusal? Refusal);

/// <summary>A data plane's address, or a refusal.</summary>
/// <param name="DataPlane">The address, <c>host:port</c>.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.locate-answer.v1")]
public sealed record LocateAnswer([property: Id(0)] string DataPlane, [property: Id(1)] Refusal? Refusal);

/// <summary>The durable state of a context, or a refusal.</summary>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Holder">Holder's name, or empty.</param>
/// <param name="ReservedFor">Successor that the last holder named, or empty.</param>
/// <param name="DurableTokens">Positions whose inputs are durable.</param>
/// <param name="DurableKv">Positions whose KV is durable.</param>
/// <param name="Model">Fingerprint of the model, in hex.</param>
/// <param name="HeartbeatAgeSeconds">Seconds since the last heartbeat of the holder.</param>
/// <param name="Refusal">Why there is no status, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.status-answer.v1")]
public sealed record StatusAnswer(
    [property: Id(0)] ulong Epoch,
    [property: Id(1)] string Holder,
    [property: Id(2)] string ReservedFor,
    [property: Id(3)] long DurableTokens,
    [property: Id(4)] long DurableKv,
    [property: Id(5)] string Model,
    [property: Id(6)] double HeartbeatAgeSeconds,
    [property: Id(7)] Refusal? Refusal)
{
    /// <summary>What the context lost with a segment of a log, until an operator has looked into it; <see langword="null"/>: nothing.</summary>
    [Id(8)]
    public ContextLoss? Loss { get; init; }
}

/// <summary>What became of a fork, or a refusal.</summary>
/// <param name="IsNew">Whether this call made it; else it was there already, with the same parent and position.</param>
/// <param name="Position">Positions that it shares with its parent.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.fork-answer.v1")]
public sealed record ForkAnswer([property: Id(0)] bool IsNew, [property: Id(1)] long Position, [property: Id(2)] Refusal? Refusal);

/// <summary>What became of an erasure, or a refusal.</summary>
/// <param name="IsErased">Whether this call erased it; <see langword="false"/> when there was none.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.erase-answer.v1")]
public sealed record EraseAnswer([property: Id(0)] bool IsErased, [property: Id(1)] Refusal? Refusal);
