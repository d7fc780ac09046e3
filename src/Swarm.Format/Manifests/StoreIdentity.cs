using Swarm.Core.Identity;

namespace Swarm.Format.Manifests;

/// <summary>Which store this is: the same for as long as the store lives, another one for every other store.</summary>
/// <param name="Id">Random; never default.</param>
/// <param name="Created">When it was made, in whole milliseconds, UTC. For people; nothing is decided by it.</param>
public sealed record StoreIdentity(Id128 Id, DateTimeOffset Created);
