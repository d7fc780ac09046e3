namespace Swarm;

/// <summary>Other data was acknowledged at that position. Rewind, or read what is there.</summary>
/// <param name="refusal">The reason.</param>
public sealed class AppendConflictException(Refusal refusal) : SwarmRefusedException(refusal);
