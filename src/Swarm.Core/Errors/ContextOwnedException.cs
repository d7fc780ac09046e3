namespace Swarm;

/// <summary>A live session holds the context. Wait for its release, or take it over.</summary>
/// <param name="refusal">The reason.</param>
public sealed class ContextOwnedException(Refusal refusal) : SwarmRefusedException(refusal);
