namespace Swarm;

/// <summary>A refusal as data, so that it crosses grain calls and the data plane unchanged.</summary>
/// <param name="Code">Why.</param>
/// <param name="Message">What happened, with the value, the limit and the remedy.</param>
/// <param name="CurrentEpoch">The epoch in force, where that matters.</param>
/// <param name="Position">The position expected or in conflict, where that matters; else 0.</param>
/// <param name="Holder">Agent that holds the context, where that matters; else empty.</param>
public sealed record Refusal(
    RefusalCode Code, string Message, Epoch CurrentEpoch = default, long Position = 0, string Holder = "")
{
    /// <summary>After how long the same request may succeed, where that is known; else zero.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>The typed exception for this refusal.</summary>
    /// <returns>A new exception to throw.</returns>
    public SwarmRefusedException ToException() => Code switch
    {
        RefusalCode.StaleEpoch => new StaleEpochException(this),
        RefusalCode.Gap => new AppendGapException(this),
        RefusalCode.Conflict => new AppendConflictException(this),
        RefusalCode.Owned => new ContextOwnedException(this),
        RefusalCode.WrongModel => new WrongModelException(this),
        RefusalCode.Corrupt => new CorruptDataException(this),
        _ => new SwarmRefusedException(this),
    };
}

/// <summary>Why Swarm refused a request. The numbers go over the wire.</summary>
public enum RefusalCode
{
    /// <summary>Not a refusal.</summary>
    None = 0,

    /// <summary>Another session acquired the context: this one is fenced for good.</summary>
    StaleEpoch = 1,

    /// <summary>An append, or a fork, starts behind the end: what is between is missing.</summary>
    Gap = 2,

    /// <summary>Other data is at that position already.</summary>
    Conflict = 3,

    /// <summary>A live session holds the context.</summary>
    Owned = 4,

    /// <summary>The context belongs to a model of another fingerprint.</summary>
    WrongModel = 5,

    /// <summary>The context is open elsewhere: ask the grain again.</summary>
    Moved = 6,

    /// <summary>There is no such context.</summary>
    NotFound = 7,

    /// <summary>Stored bytes failed their check.</summary>
    Corrupt = 8,

    /// <summary>A request or an argument is over its limit or malformed.</summary>
    Invalid = 9,

    /// <summary>Not now; the same request may succeed later. Nothing is known to have changed.</summary>
    Busy = 10,

    /// <summary>The outcome is not known: the same request, repeated, will tell.</summary>
    Unknown = 11,

    /// <summary>The credential does not allow it.</summary>
    Unauthorized = 12,

    /// <summary>The epoch is not the one that the request expected: check the current holder and retry.</summary>
    EpochChanged = 13,

    /// <summary>The store cannot take more or cannot be reached.</summary>
    StoreUnavailable = 14,

    /// <summary>The store was emptied, replaced or set back under the silo: it says nothing of contexts until an operator has seen to it.</summary>
    StoreReplaced = 15,
}
