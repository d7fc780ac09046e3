using System.Diagnostics.Metrics;
using Swarm.Core.Diagnostics;

namespace Swarm.Storage;

/// <summary>What this project measures. <c>src/INSTRUMENTS.md</c> describes each instrument. Thread-safe.</summary>
internal sealed class StorageMetrics : IDisposable
{
    /// <summary>Attribute: memory, disk or store.</summary>
    public const string TierKey = "swarm.tier";

    /// <summary>Attribute: operation of the store.</summary>
    public const string OperationKey = "swarm.store.operation";

    /// <summary>Attribute: what an operation of the store came to.</summary>
    public const string OutcomeKey = "swarm.store.outcome";

    /// <summary>Attribute: what is appended.</summary>
    public const string AppendKey = "swarm.append.kind";

    /// <summary>Attribute: whose right to write ended.</summary>
    public const string FenceKey = "swarm.fence.kind";

    /// <summary>Attribute: why an operation failed.</summary>
    public const string ErrorKey = "error.type";

    private readonly AreaMeter _meter;

    /// <summary>Makes the instruments.</summary>
    /// <param name="factory">The host's meters; <see langword="null"/> for a meter of its own, which ends with this.</param>
    public StorageMetrics(IMeterFactory? factory)
    {
        _meter = new AreaMeter(SwarmInstruments.Storage, factory);
        AppendDuration = _meter.Duration("swarm.append.duration", "From an append's arrival at its context until it is durable or refused.");
        AcknowledgeDuration = _meter.Duration("swarm.log.acknowledge.duration", "From the begin of a segment's put until its records are acknowledged.");
        OpenDuration = _meter.Duration("swarm.context.open.duration", "Opening a context that is not open here, recovery of its log included.");
        OperationDuration = _meter.Duration("swarm.store.operation.duration", "One operation of the blob store.");
        Retries = _meter.Counter("swarm.store.retries", "{retry}", "Operations of the blob store that were tried again after a transient fault.");
        WriteFaults = _meter.Counter("swarm.store.write_faults", "{write}", "Writes that the store failed.");
        WritesFailing = _meter.Gauge("swarm.store.writes_failing", "s", "For how long writes have been failing; 0 when they work.");
        StoresLost = _meter.Counter("swarm.store.replaced", "{store}", "Stores found emptied, replaced or set back under this process.");
        KvDamaged = _meter.Counter("swarm.kv.damaged", "{run}", "KV runs found damaged or missing on a read.");
        KvRepaired = _meter.Counter("swarm.kv.repaired", "{run}", "KV runs found damaged that a session has put in place again.");
        ExtentPagesDamaged = _meter.Counter("swarm.kv.pages_damaged", "{page}", "Pages of KV extents found damaged or missing on a read.");
        KvRead = _meter.Counter("swarm.kv.read", "By", "KV bytes read, by tier.");
        Promoted = _meter.Counter("swarm.kv.promoted", "By", "KV bytes taken into memory again, by the tier that they came from.");
        Demoted = _meter.Counter("swarm.kv.demoted", "By", "KV bytes written to the disk tier.");
        Compacted = _meter.Counter("swarm.kv.compacted", "By", "KV bytes written by compaction.");
        LeasesOverdue = _meter.Counter("swarm.memory_tier.leases_overdue", "{payload}", "Payloads found leased for longer than a lease may last.");
        MemoryTierDamaged = _meter.Counter("swarm.memory_tier.damaged", "{payload}", "Payloads of the memory tier found damaged by a recheck.");
        DiskTierDropped = _meter.Counter("swarm.disk_tier.dropped", "{payload}", "Payloads that the disk tier was too slow for, or failed to write.");
        DiskTierDamaged = _meter.Counter("swarm.disk_tier.damaged", "{payload}", "Files of the disk tier found damaged or missing on a read.");
        FilesNotSent = _meter.Counter("swarm.store.files.not_sent", "{object}", "Objects of the store whose file could not be sent to an agent: they are read from then on.");
        PrefixesDropped = _meter.Counter("swarm.prefix.dropped", "{block}", "Blocks that the prefix index had no room for.");
        Collected = _meter.Counter("swarm.blobs.collected", "{object}", "Objects deleted by collection.");
        Seals = _meter.Counter("swarm.log.seals", "{log}", "Logs sealed by recovery.");
        SegmentsLost = _meter.Counter("swarm.log.segments_lost", "{segment}", "Durable segments that were missing at a recovery.");
        IndexesFailed = _meter.Counter("swarm.log.indexes_failed", "{index}", "Log indexes that could not be written.");
        IndexesDamaged = _meter.Counter("swarm.log.indexes_damaged", "{index}", "Log indexes found damaged on a read.");
        WritersLost = _meter.Counter("swarm.log.writers_lost", "{writer}", "Writers that lost their log.");
        Fences = _meter.Counter("swarm.context.fences", "{fence}", "Sessions that a successor fenced, and incarnations that another silo replaced.");
        Forks = _meter.Counter("swarm.context.forks", "{context}", "Contexts made as forks.");
    }

    /// <summary>From an append's arrival until it is durable or refused.</summary>
    public Histogram<double> AppendDuration { get; }

    /// <summary>From the begin of a segment's put until its records are acknowledged.</summary>
    public Histogram<double> AcknowledgeDuration { get; }

    /// <summary>Opening a context that is not open here.</summary>
    public Histogram<double> OpenDuration { get; }

    /// <summary>One operation of the blob store.</summary>
    public Histogram<double> OperationDuration { get; }

    /// <summary>Operations that were tried again.</summary>
    public Counter<long> Retries { get; }

    /// <summary>Writes that the store failed.</summary>
    public Counter<long> WriteFaults { get; }

    /// <summary>For how long writes have been failing; 0 when one succeeded.</summary>
    public Gauge<double> WritesFailing { get; }

    /// <summary>Times that the store turned out to be another one than it was: emptied, replaced or set back.</summary>
    public Counter<long> StoresLost { get; }

    /// <summary>KV runs found damaged or missing on a read.</summary>
    public Counter<long> KvDamaged { get; }

    /// <summary>KV runs found damaged that a session has put in place again.</summary>
    public Counter<long> KvRepaired { get; }

    /// <summary>Pages of extents found damaged or missing: the KV that they name is to be recomputed.</summary>
    public Counter<long> ExtentPagesDamaged { get; }

    /// <summary>KV bytes read, by tier.</summary>
    public Counter<long> KvRead { get; }

    /// <summary>KV bytes taken into memory again, by the tier that they came from.</summary>
    public Counter<long> Promoted { get; }

    /// <summary>KV bytes written to the disk tier.</summary>
    public Counter<long> Demoted { get; }

    /// <summary>KV bytes written by compaction.</summary>
    public Counter<long> Compacted { get; }

    /// <summary>Payloads of the memory tier found leased for longer than a lease may last.</summary>
    public Counter<long> LeasesOverdue { get; }

    /// <summary>Payloads of the memory tier found damaged by a recheck: the store was read instead.</summary>
    public Counter<long> MemoryTierDamaged { get; }

    /// <summary>Payloads that the disk tier did not keep: it was too slow, full or failed.</summary>
    public Counter<long> DiskTierDropped { get; }

    /// <summary>Files of the disk tier found damaged or missing: the store was read instead.</summary>
    public Counter<long> DiskTierDamaged { get; }

    /// <summary>Objects whose file could not be sent to an agent.</summary>
    public Counter<long> FilesNotSent { get; }

    /// <summary>Blocks that the prefix index had no room for: nobody shares them.</summary>
    public Counter<long> PrefixesDropped { get; }

    /// <summary>Objects deleted by collection.</summary>
    public Counter<long> Collected { get; }

    /// <summary>Logs sealed by recovery.</summary>
    public Counter<long> Seals { get; }

    /// <summary>Segments that were durable and were missing at a recovery.</summary>
    public Counter<long> SegmentsLost { get; }

    /// <summary>Log indexes that could not be written: recovery reads the segments instead.</summary>
    public Counter<long> IndexesFailed { get; }

    /// <summary>Log indexes found damaged: recovery read the segments instead.</summary>
    public Counter<long> IndexesDamaged { get; }

    /// <summary>Writers of this process that found their log sealed or unusable.</summary>
    public Counter<long> WritersLost { get; }

    /// <summary>Sessions and incarnations that were fenced.</summary>
    public Counter<long> Fences { get; }

    /// <summary>Contexts made as forks.</summary>
    public Counter<long> Forks { get; }

    /// <summary>The value of <see cref="TierKey"/>.</summary>
    public static string NameOf(KvTier tier) => tier switch
    {
        KvTier.Memory => "memory",
        KvTier.Disk => "disk",
        KvTier.Blob => "store",
        _ => "none",
    };

    /// <summary>An attribute of one value.</summary>
    public static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);

    /// <summary>Adds what is looked at when it is collected. Once, by the context store.</summary>
    /// <param name="observed">What is looked at.</param>
    public void Observe(IStorageObserved observed)
    {
        _meter.ObservedAmount("swarm.contexts.open", "{context}", "Contexts that are open here.", () => [new(observed.OpenContexts)]);
        _meter.ObservedAmount("swarm.lag.sum", "{position}", "Positions that are not durable, of all open contexts together.", () =>
        {
            var lag = observed.Lag;
            return [new(lag.Inputs, Tag(AppendKey, "inputs")), new(lag.Kv, Tag(AppendKey, "kv"))];
        });
        _meter.ObservedGauge("swarm.lag.max", "{position}", "Positions that are not durable, of the open context that has most of them.", () =>
        {
            var lag = observed.Lag;
            return [new(lag.MaxInputs, Tag(AppendKey, "inputs")), new(lag.MaxKv, Tag(AppendKey, "kv"))];
        });
        _meter.ObservedAmount("swarm.log.undurable", "By", "Bytes of records in the log that are not acknowledged.", () => [new(observed.UndurableLogBytes)]);
        _meter.ObservedAmount("swarm.tier.usage", "By", "Bytes held, by tier.", () => observed.Tiers.Select(tier => Of(tier, tier.UsedBytes)));
        _meter.ObservedAmount("swarm.tier.limit", "By", "Most bytes held, by tier.", () => observed.Tiers.Select(tier => Of(tier, tier.LimitBytes)));
        _meter.ObservedCounter("swarm.tier.hits", "{payload}", "Payloads that were asked of a tier and were there.", () => observed.Tiers.Select(tier => Of(tier, tier.Hits)));
        _meter.ObservedCounter("swarm.tier.misses", "{payload}", "Payloads that were asked of a tier and were not there.", () => observed.Tiers.Select(tier => Of(tier, tier.Misses)));
        _meter.ObservedCounter("swarm.tier.evictions", "{payload}", "Payloads that a tier gave up for others.", () => observed.Tiers.Select(tier => Of(tier, tier.Evictions)));
    }

    /// <summary>Ends the meter, if it is its own.</summary>
    public void Dispose() => _meter.Dispose();

    private static Measurement<long> Of(TierFigures tier, long value) => new(value, Tag(TierKey, NameOf(tier.Tier)));
}

/// <summary>What is looked at when metrics are collected. Read from any thread; figures may be of slightly different moments.</summary>
internal interface IStorageObserved
{
    /// <summary>Contexts that are open.</summary>
    int OpenContexts { get; }

    /// <summary>How far durability is behind.</summary>
    LagFigures Lag { get; }

    /// <summary>Bytes of records that are not acknowledged.</summary>
    long UndurableLogBytes { get; }

    /// <summary>The tiers that there are.</summary>
    IEnumerable<TierFigures> Tiers { get; }
}

/// <summary>How far durability is behind, in positions: of all contexts together, and of the worst.</summary>
/// <param name="Inputs">Inputs that were taken and are not durable.</param>
/// <param name="Kv">Positions with durable inputs whose KV is not durable.</param>
/// <param name="MaxInputs">The same as <paramref name="Inputs"/>, of the worst.</param>
/// <param name="MaxKv">The same as <paramref name="Kv"/>, of the worst.</param>
internal readonly record struct LagFigures(long Inputs, long Kv, long MaxInputs, long MaxKv);

/// <summary>Figures of one tier.</summary>
/// <param name="Tier">Which.</param>
/// <param name="UsedBytes">Bytes held.</param>
/// <param name="LimitBytes">Most bytes held.</param>
/// <param name="Hits">Payloads found so far.</param>
/// <param name="Misses">Payloads not found so far.</param>
/// <param name="Evictions">Payloads given up so far.</param>
internal readonly record struct TierFigures(KvTier Tier, long UsedBytes, long LimitBytes, long Hits, long Misses, long Evictions);
