namespace Swarm.Storage;

/// <summary>Rules against a store that is emptied, replaced or set back under its silos; a test can take one away, as of <see cref="ProtocolRules"/>.</summary>
internal sealed record SameStoreRules
{
    /// <summary>Rule 20: a segment is acknowledged only once the store was seen, after the put, to have it and what it rests on.</summary>
    public Rule ProvesAcknowledgments { get; init; }

    /// <summary>Rule 20: that the store has what it rests on is shown by the log's newest segments, not by the store's identity alone.</summary>
    public Rule ChecksOwnSegments { get; init; }

    /// <summary>Rule 20: a context's first record in a log is acknowledged only while the root that opened it there is the one that counts.</summary>
    public Rule ChecksRootsOfIncarnations { get; init; }

    /// <summary>Rule 27: a store without the identity that is known, or with another one, is not the same store.</summary>
    public Rule ChecksIdentity { get; init; }

    /// <summary>Rule 27: whoever finds a context missing, writes a root, makes, forks or collects looks whether the store is still the same.</summary>
    public Rule ConfirmsStore { get; init; }
}
