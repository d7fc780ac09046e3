namespace Swarm.Clustering.Membership;

/// <summary>Settings of the membership table in the blob store.</summary>
public sealed class StoreClusteringOptions
{
    /// <summary>Largest membership object that is read, in bytes: some 10,000 silos.</summary>
    public const int MaxTableBytes = 8 << 20;

    /// <summary>
    /// Least generation of this silo's address, from <see cref="BlobMembershipTable.FindNextGeneration"/>. Default 0: the time of day
    /// alone decides.
    /// </summary>
    public int LeastGeneration { get; set; }

    /// <summary>How often a lost race is run again before the operation gives up. Default 20; at least 1.</summary>
    public int MaxAttempts { get; set; } = 20;

    /// <summary>Longest pause before a lost race is run again; each pause is random. Default 100 ms.</summary>
    public TimeSpan MaxPause { get; set; } = TimeSpan.FromMilliseconds(100);
}
