namespace Swarm;

/// <summary>A later session holds the context. Not retryable: this session is over for good.</summary>
/// <param name="refusal">The reason.</param>
public sealed class StaleEpochException(Refusal refusal) : SwarmRefusedException(refusal);
