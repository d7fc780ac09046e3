using Swarm.Core.Identity;

namespace Swarm;

/// <summary>The durable state of a context, as one snapshot.</summary>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Holder">Agent that holds it, or empty when it was released or never acquired.</param>
/// <param name="ReservedFor">Agent for which the last holder released it, or empty.</param>
/// <param name="Durable">Watermarks.</param>
/// <param name="Model">Fingerprint of its model.</param>
/// <param name="BlockTokens">Positions of a block.</param>
/// <param name="LastHeartbeat">When the last heartbeat of the holder came; when this silo opened the context if it never did.</param>
public sealed record ContextStatus(
    Epoch Epoch,
    string Holder,
    string ReservedFor,
    Watermarks Durable,
    ModelFingerprint Model,
    int BlockTokens,
    DateTimeOffset LastHeartbeat)
{
    /// <summary>What it lost with a segment of a log, until an operator has looked into it; <see langword="null"/>: nothing.</summary>
    public ContextLoss? Loss { get; init; }

    /// <summary>The handoff policy that it was given; <see langword="null"/>: none, so that <see cref="HandoffPolicy.Default"/> holds.</summary>
    public HandoffPolicy? Policy { get; init; }

    /// <summary>When the holder's connection was lost here, if it has not come again since; <see langword="null"/>: it was not.</summary>
    public DateTimeOffset? ConnectionLost { get; init; }
}

/// <summary>What a context lost with a segment of a log that was durable once and is missing now.</summary>
/// <param name="Writer">The writer whose log it was in.</param>
/// <param name="Sequence">The segment's number.</param>
/// <param name="Kept">Positions whose inputs were left when the context was opened again.</param>
/// <param name="Known">Positions that its inputs had reached, as far as what lies behind the segment tells; at least <paramref name="Kept"/>.</param>
/// <param name="IsCertain">
/// Whether something of this context was lost for certain. Otherwise nothing of it lies behind the segment: what was in the segment
/// is not known.
/// </param>
public sealed record ContextLoss(Id128 Writer, ulong Sequence, long Kept, long Known, bool IsCertain)
{
    /// <summary>In words, with the object in the store that ends this note when it is deleted.</summary>
    public override string ToString() =>
        $"log segment {Writer}/{Sequence:x16} was durable and is missing; "
        + (IsCertain
            ? Known > Kept ? $"inputs from position {Kept} to at least {Known - 1} are lost" : $"what followed position {Kept} is lost"
            : $"inputs behind position {Kept} may be lost")
        + $". Segments behind it are kept until damage/{Writer}/{Sequence:x16} is deleted";
}

/// <summary>What survives the loss of every process: positions [0, n) of each lane.</summary>
/// <param name="Tokens">Positions whose inputs are durable.</param>
/// <param name="Kv">Positions whose KV is durable; never more than <paramref name="Tokens"/>.</param>
public readonly record struct Watermarks(long Tokens, long Kv);
