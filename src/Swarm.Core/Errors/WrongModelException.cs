namespace Swarm;

/// <summary>The context was written by a model of another fingerprint. Its KV is of no use to this one.</summary>
/// <param name="refusal">The reason.</param>
public sealed class WrongModelException(Refusal refusal) : SwarmRefusedException(refusal);
