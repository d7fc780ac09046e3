using System.Diagnostics.Metrics;

namespace Swarm.Storage;

/// <summary>Counters of this project, under the meter <c>Swarm.Storage</c>.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new("Swarm.Storage");

    /// <summary>KV runs found damaged or missing on a read.</summary>
    public static readonly Counter<long> KvDamaged =
        Meter.CreateCounter<long>("swarm.kv.damaged", "{run}", "KV runs found damaged or missing on a read.");

    /// <summary>KV runs found damaged that a session has put in place again.</summary>
    public static readonly Counter<long> KvRepaired =
        Meter.CreateCounter<long>("swarm.kv.repaired", "{run}", "KV runs found damaged that a session has put in place again.");

    /// <summary>Pages of extents found damaged or missing: the KV that they name is to be recomputed.</summary>
    public static readonly Counter<long> ExtentPagesDamaged =
        Meter.CreateCounter<long>("swarm.kv.pages_damaged", "{page}", "Pages of KV extents found damaged or missing on a read.");

    /// <summary>KV bytes read, by tier.</summary>
    public static readonly Counter<long> KvRead =
        Meter.CreateCounter<long>("swarm.kv.read", "By", "KV bytes read, by tier.");

    /// <summary>KV bytes taken into memory again, by the tier that they came from.</summary>
    public static readonly Counter<long> Promoted =
        Meter.CreateCounter<long>("swarm.kv.promoted", "By", "KV bytes taken into memory again, by the tier that they came from.");

    /// <summary>KV bytes written to the disk tier.</summary>
    public static readonly Counter<long> Demoted =
        Meter.CreateCounter<long>("swarm.kv.demoted", "By", "KV bytes written to the disk tier.");

    /// <summary>Payloads of the memory tier found leased for longer than a lease may last.</summary>
    public static readonly Counter<long> LeasesOverdue =
        Meter.CreateCounter<long>("swarm.memory_tier.leases_overdue", "{payload}", "Payloads found leased for longer than a lease may last.");

    /// <summary>Payloads of the memory tier found damaged by a recheck: the store was read instead.</summary>
    public static readonly Counter<long> MemoryTierDamaged =
        Meter.CreateCounter<long>("swarm.memory_tier.damaged", "{payload}", "Payloads of the memory tier found damaged by a recheck.");

    /// <summary>Payloads that the disk tier did not keep: it was too slow, full or failed.</summary>
    public static readonly Counter<long> DiskTierDropped =
        Meter.CreateCounter<long>("swarm.disk_tier.dropped", "{payload}", "Payloads that the disk tier was too slow for, or failed to write.");

    /// <summary>Files of the disk tier found damaged or missing: the store was read instead.</summary>
    public static readonly Counter<long> DiskTierDamaged =
        Meter.CreateCounter<long>("swarm.disk_tier.damaged", "{payload}", "Files of the disk tier found damaged or missing on a read.");

    /// <summary>Blocks that the prefix index had no room for: nobody shares them.</summary>
    public static readonly Counter<long> PrefixesDropped =
        Meter.CreateCounter<long>("swarm.prefix.dropped", "{block}", "Blocks that the prefix index had no room for.");

    /// <summary>KV bytes written by compaction.</summary>
    public static readonly Counter<long> Compacted =
        Meter.CreateCounter<long>("swarm.kv.compacted", "By", "KV bytes written by compaction.");

    /// <summary>Objects deleted by collection.</summary>
    public static readonly Counter<long> Collected =
        Meter.CreateCounter<long>("swarm.blobs.collected", "{object}", "Objects deleted by collection.");

    /// <summary>Logs sealed by recovery.</summary>
    public static readonly Counter<long> Seals =
        Meter.CreateCounter<long>("swarm.log.seals", "{log}", "Logs sealed by recovery.");

    /// <summary>Segments that were durable and were missing at a recovery.</summary>
    public static readonly Counter<long> SegmentsLost =
        Meter.CreateCounter<long>("swarm.log.segments_lost", "{segment}", "Durable segments that were missing at a recovery.");

    /// <summary>Log indexes that could not be written: recovery reads the segments instead.</summary>
    public static readonly Counter<long> IndexesFailed =
        Meter.CreateCounter<long>("swarm.log.indexes_failed", "{index}", "Log indexes that could not be written.");

    /// <summary>Log indexes found damaged: recovery read the segments instead.</summary>
    public static readonly Counter<long> IndexesDamaged =
        Meter.CreateCounter<long>("swarm.log.indexes_damaged", "{index}", "Log indexes found damaged on a read.");

    /// <summary>Times that the store turned out to be another one than it was: emptied, replaced or set back.</summary>
    public static readonly Counter<long> StoresLost =
        Meter.CreateCounter<long>("swarm.store.replaced", "{store}", "Stores found emptied, replaced or set back under this process.");

    /// <summary>Writers of this process that found their log sealed or unusable.</summary>
    public static readonly Counter<long> WritersLost =
        Meter.CreateCounter<long>("swarm.log.writers_lost", "{writer}", "Writers that lost their log.");

    /// <summary>Writes that the store failed.</summary>
    public static readonly Counter<long> WriteFaults =
        Meter.CreateCounter<long>("swarm.store.write_faults", "{write}", "Writes that the store failed.");

    /// <summary>For how long writes have been failing; 0 when one succeeded.</summary>
    public static readonly Gauge<double> WritesFailing =
        Meter.CreateGauge<double>("swarm.store.writes_failing", "s", "For how long writes have been failing; 0 when they work.");
}
