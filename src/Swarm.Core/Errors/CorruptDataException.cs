namespace Swarm;

/// <summary>Stored bytes failed their check. The message names the object; inputs allow to recompute KV.</summary>
/// <param name="refusal">The reason.</param>
public sealed class CorruptDataException(Refusal refusal) : SwarmRefusedException(refusal);
