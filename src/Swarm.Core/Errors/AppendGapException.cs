namespace Swarm;

/// <summary>An append, or a fork, starts behind the end of the context. Append what is missing first, or fork at an earlier position.</summary>
/// <param name="refusal">The reason.</param>
public sealed class AppendGapException(Refusal refusal) : SwarmRefusedException(refusal);
