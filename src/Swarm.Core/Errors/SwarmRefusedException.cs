namespace Swarm;

/// <summary>Swarm understood the request and refused it. <see cref="Refusal"/> says why.</summary>
/// <param name="refusal">The reason.</param>
public class SwarmRefusedException(Refusal refusal) : Exception(refusal.Message)
{
    /// <summary>The reason, as data.</summary>
    public Refusal Refusal { get; } = refusal;

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    public bool IsTransient => Refusal.Code is RefusalCode.Busy or RefusalCode.Moved or RefusalCode.Unknown
        or RefusalCode.StoreUnavailable or RefusalCode.StoreReplaced;
}

/// <summary>A later session holds the context. Not retryable: this session is over for good.</summary>
/// <param name="refusal">The reason.</param>
public sealed class StaleEpochException(Refusal refusal) : SwarmRefusedException(refusal);

/// <summary>An append, or a fork, starts behind the end of the context. Append what is missing first, or fork at an earlier position.</summary>
/// <param name="refusal">The reason.</param>
public sealed class AppendGapException(Refusal refusal) : SwarmRefusedException(refusal);

/// <summary>Other data was acknowledged at that position. Rewind, or read what is there.</summary>
/// <param name="refusal">The reason.</param>
public sealed class AppendConflictException(Refusal refusal) : SwarmRefusedException(refusal);

/// <summary>A live session holds the context. Wait for its release, or take it over.</summary>
/// <param name="refusal">The reason.</param>
public sealed class ContextOwnedException(Refusal refusal) : SwarmRefusedException(refusal);

/// <summary>The context was written by a model of another fingerprint. Its KV is of no use to this one.</summary>
/// <param name="refusal">The reason.</param>
public sealed class WrongModelException(Refusal refusal) : SwarmRefusedException(refusal);

/// <summary>Stored bytes failed their check. The message names the object; inputs allow to recompute KV.</summary>
/// <param name="refusal">The reason.</param>
public sealed class CorruptDataException(Refusal refusal) : SwarmRefusedException(refusal);
