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
