using Swarm.Core.Identity;

namespace Swarm.Storage.Tiers;

/// <summary>Where in a context a payload belongs: of one context, what lies behind is given up before what lies in front.</summary>
/// <param name="Context">The context.</param>
/// <param name="Position">Its first position.</param>
public readonly record struct TierPlace(ContextId Context, long Position);
