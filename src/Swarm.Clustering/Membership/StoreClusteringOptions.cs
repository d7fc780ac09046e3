using Swarm.Core.Settings;

namespace Swarm.Clustering.Membership;

/// <summary>Settings of the membership table in the blob store.</summary>
public sealed class StoreClusteringOptions
{
    /// <summary>Largest membership object that is read, in bytes: some 10,000 silos.</summary>
    public const int MaxTableBytes = 8 << 20;

    /// <summary>
    /// Least generation of this silo's address, from <see cref="BlobMembershipTable.FindNextGeneration"/>. 0 or more; default 0: the time
    /// of day alone decides.
    /// </summary>
    [Setting("Least generation of this silo's address.")]
    public int LeastGeneration { get; set; }

    /// <summary>How often a lost race is run again before the operation gives up. 1 to 1,000; default 20.</summary>
    [Setting("How often a lost race for the membership object is run again.", Min = "1", Max = "1000")]
    public int MaxAttempts { get; set; } = 20;

    /// <summary>Longest pause before a lost race is run again; each pause is random. 0 to 1 min; default 100 ms.</summary>
    [Setting("Longest pause before a lost race is run again.", Max = "1min")]
    public TimeSpan MaxPause { get; set; } = TimeSpan.FromMilliseconds(100);
}
