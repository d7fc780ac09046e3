namespace Swarm.Core.Errors;

/// <summary>An append starts behind the end of the context. Append what is missing first.</summary>
/// <param name="refusal">The reason.</param>
public sealed class AppendGapException(Refusal refusal) : SwarmRefusedException(refusal);
