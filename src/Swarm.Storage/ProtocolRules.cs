namespace Swarm.Storage;

/// <summary>Rules of the protocol that the test flavour can take away, one at a time, to see that the exploration notices.</summary>
/// <remarks>
/// Production has all of them: <see cref="Rule"/>. Each names the rule of PROTOCOL.md that it is. Two of that page are no switch
/// here, since nothing breaks without them in 10,000 seeds: that records of another incarnation do not count (rule 10; epoch and
/// position say it as well), and that unsealed logs are not collected (rule 19; <see cref="FencesOpenings"/> covers it).
/// </remarks>
internal sealed record ProtocolRules
{
    /// <summary>Every rule in force.</summary>
    public static ProtocolRules All { get; } = new();

    /// <summary>Rule 3: a refused segment is one's own only if the nonce is.</summary>
    public Rule ComparesNonce { get; init; }

    /// <summary>Rule 4: acknowledgements follow the numbers of segments.</summary>
    public Rule AcknowledgesInOrder { get; init; }

    /// <summary>Rule 7: an append that is there already is acknowledged only once it is durable.</summary>
    public Rule AcknowledgesRepeatsWhenDurable { get; init; }

    /// <summary>Rule 8: an acquisition counts only in the epoch that the caller saw.</summary>
    public Rule ExpectsEpoch { get; init; }

    /// <summary>Rule 9: a rewind raises the epoch.</summary>
    public Rule RewindRaisesEpoch { get; init; }

    /// <summary>Rule 13: a close waits for what is queued.</summary>
    public Rule DrainsAtClose { get; init; }

    /// <summary>Rule 13: once a close was sent the incarnation is over, whatever the answer.</summary>
    public Rule CloseIsFinal { get; init; }

    /// <summary>Rule 14: merged extents are installed only over those that they were made of.</summary>
    public Rule ComparesExtents { get; init; }

    /// <summary>Rule 15: a root is read again after its tail.</summary>
    public Rule ReadsRootTwice { get; init; }

    /// <summary>Rule 16: a fork announces itself before it reads its parent.</summary>
    public Rule ForksInTwoPhases { get; init; }

    /// <summary>Rule 17: candidates are listed before roots are read.</summary>
    public Rule ListsCandidatesFirst { get; init; }

    /// <summary>Rule 18: all of a log behind a root's tail stays.</summary>
    public Rule KeepsTails { get; init; }

    /// <summary>Rule 18: seals stay.</summary>
    public Rule KeepsSeals { get; init; }

    /// <summary>Rule 18: objects of a context's current incarnation stay.</summary>
    public Rule KeepsCurrentIncarnation { get; init; }

    /// <summary>Rule 29: collection replaces a root before it deletes what that root does not name: an opening under way then fails.</summary>
    public Rule FencesOpenings { get; init; }

    /// <summary>Rule 32: a root of a context that is no more is deleted only as it was read.</summary>
    public Rule DeletesRootsAsRead { get; init; }

    /// <summary>Rule 26: recovery seals a log.</summary>
    public Rule Seals { get; init; }

    /// <summary>Rule 26: recovery seals at the first missing number, not behind the last one that is listed.</summary>
    public Rule SealsAtFirstMissing { get; init; }

    /// <summary>Rule 21: an index of a log holds acknowledged segments alone: no seal can come before them any more.</summary>
    public Rule IndexesWhatIsAcknowledged { get; init; }

    /// <summary>Rule 28: a missing segment that was durable is lost, and not the end of its log.</summary>
    public Rule FindsHoles { get; init; }

    /// <summary>Rule 30: what lies behind a lost segment stays until somebody has looked into it.</summary>
    public Rule KeepsWhatIsBehindHoles { get; init; }

    /// <summary>Rule 31: a log says up to where it is collected, before anything of it is deleted.</summary>
    public Rule MarksCollectedLogs { get; init; }

    /// <summary>Rule 28: a loss is noted before the root of a context that it concerns moves on.</summary>
    public Rule NotesHoles { get; init; }

    /// <summary>Rule 23: KV is taken only over the inputs whose chain hash it carries.</summary>
    public Rule ComparesPrefixHash { get; init; }

    /// <summary>Rule 33: what a follower has is compared with the context's inputs before it goes on from there.</summary>
    public Rule ComparesFollowers { get; init; }

    /// <summary>Rule 34: what a follower is told belongs to the epoch that it was told last.</summary>
    public Rule FollowsOneEpoch { get; init; }

    /// <summary>Those that hold against a store that is emptied, replaced or set back.</summary>
    public SameStoreRules SameStore { get; init; } = new();
}
