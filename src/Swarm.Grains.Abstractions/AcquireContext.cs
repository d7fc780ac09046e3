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
    [property: Id(8)] bool TakesOwn = false);
