namespace Swarm.Storage;

/// <summary>Rules of the protocol that a test can take away, one at a time, to see that its exploration notices.</summary>
/// <remarks>
/// Production has all of them: <see cref="All"/>. Each names the rule of PROTOCOL.md that it is. Two of that page are no switch
/// here, since nothing breaks without them in 10,000 seeds: that records of another open do not count (rule 10; epoch and
/// position say it as well), and that unsealed logs are not collected (rule 19; <see cref="FencesOpenings"/> covers it).
/// </remarks>
internal sealed record ProtocolRules
{
    /// <summary>Every rule in force.</summary>
    public static ProtocolRules All { get; } = new();

    /// <summary>Rule 3: a refused segment is one's own only if the nonce is.</summary>
    public bool ComparesNonce { get; init; } = true;

    /// <summary>Rule 4: acknowledgements follow the numbers of segments.</summary>
    public bool AcknowledgesInOrder { get; init; } = true;

    /// <summary>Rule 7: an append that is there already is acknowledged only once it is durable.</summary>
    public bool AcknowledgesRepeatsWhenDurable { get; init; } = true;

    /// <summary>Rule 8: an acquisition counts only in the epoch that the caller saw.</summary>
    public bool ExpectsEpoch { get; init; } = true;

    /// <summary>Rule 9: a rewind raises the epoch.</summary>
    public bool RewindRaisesEpoch { get; init; } = true;

    /// <summary>Rule 13: a close waits for what is queued.</summary>
    public bool DrainsAtClose { get; init; } = true;

    /// <summary>Rule 13: once a close was sent the open is over, whatever the answer.</summary>
    public bool CloseIsFinal { get; init; } = true;

    /// <summary>Rule 14: merged extents are installed only over those that they were made of.</summary>
    public bool ComparesExtents { get; init; } = true;

    /// <summary>Rule 15: a root is read again after its tail.</summary>
    public bool ReadsRootTwice { get; init; } = true;

    /// <summary>Rule 16: a fork announces itself before it reads its parent.</summary>
    public bool ForksInTwoPhases { get; init; } = true;

    /// <summary>Rule 17: candidates are listed before roots are read.</summary>
    public bool ListsCandidatesFirst { get; init; } = true;

    /// <summary>Rule 18: all of a log behind a root's tail stays.</summary>
    public bool KeepsTails { get; init; } = true;

    /// <summary>Rule 18: seals stay.</summary>
    public bool KeepsSeals { get; init; } = true;

    /// <summary>Rule 18: objects of a context's present open stay.</summary>
    public bool KeepsPresentOpen { get; init; } = true;

    /// <summary>Rule 29: collection replaces a root before it deletes what that root does not name: an opening under way then fails.</summary>
    public bool FencesOpenings { get; init; } = true;

    /// <summary>Rule 32: a root of a context that is no more is deleted only as it was read.</summary>
    public bool DeletesRootsAsRead { get; init; } = true;

    /// <summary>Rule 26: recovery seals a log.</summary>
    public bool Seals { get; init; } = true;

    /// <summary>Rule 26: recovery seals at the first missing number, not behind the last one that is listed.</summary>
    public bool SealsAtFirstMissing { get; init; } = true;

    /// <summary>Rule 21: an index of a log holds acknowledged segments alone: no seal can come before them any more.</summary>
    public bool IndexesWhatIsAcknowledged { get; init; } = true;

    /// <summary>Rule 28: a missing segment that was durable is lost, and not the end of its log.</summary>
    public bool FindsHoles { get; init; } = true;

    /// <summary>Rule 30: what lies behind a lost segment stays until somebody has looked into it.</summary>
    public bool KeepsWhatIsBehindHoles { get; init; } = true;

    /// <summary>Rule 31: a log says up to where it is collected, before anything of it is deleted.</summary>
    public bool MarksCollectedLogs { get; init; } = true;

    /// <summary>Rule 28: a loss is noted before the root of a context that it concerns moves on.</summary>
    public bool NotesHoles { get; init; } = true;

    /// <summary>Rule 23: KV is taken only over the inputs whose chain hash it carries.</summary>
    public bool ComparesPrefixHash { get; init; } = true;

    /// <summary>Those that hold against a store that is emptied, replaced or set back.</summary>
    public SameStoreRules SameStore { get; init; } = new();
}
