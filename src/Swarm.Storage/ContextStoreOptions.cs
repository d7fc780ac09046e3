using Swarm.Core.Settings;
using Swarm.Format.Manifests;

namespace Swarm.Storage;

/// <summary>Settings of a context store. Bound from configuration section <c>Swarm:Log</c> and <c>Swarm:Tiers</c>.</summary>
public sealed class ContextStoreOptions
{
    /// <summary>Configuration section of what is about the log.</summary>
    public const string LogSectionName = "Swarm:Log";

    /// <summary>Configuration section of what is about memory and disk.</summary>
    public const string TiersSectionName = "Swarm:Tiers";

    /// <summary>Longest time that an append waits for others to share its segment. 1 ms to 10 s; default 25 ms.</summary>
    [Setting("Longest time that an append waits for others to share its segment.", Min = "1ms", Max = "10s")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Bytes at which a segment is written without waiting longer. 64 KiB to 64 MiB; default 8 MiB.</summary>
    [Setting("Size at which a segment is written without waiting longer.", Min = "64KiB", Max = "64MiB")]
    public int SegmentBytes { get; set; } = 8 << 20;

    /// <summary>Segments under way at the same time. 1 to 16; default 3.</summary>
    [Setting("Segments under way at the same time.", Min = "1", Max = "16")]
    public int SegmentsInFlight { get; set; } = 3;

    /// <summary>A KV record larger than this becomes a chunk of its own. 64 bytes to 64 MiB; default 1 MiB.</summary>
    [Setting("A KV record larger than this becomes an object of its own.", Min = "64", Max = "64MiB")]
    public int LargeRecordBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Segments by which a context's root may lag behind the log; with more than 16 contexts open it is 64 for each of them, at
    /// most 200,000, if that is more, so that their checkpoints stay few beside the segments. 1 to 100,000; default 1,024.
    /// </summary>
    [Setting("Segments by which a context's root may lag behind the log; more where over 16 contexts are open.", Min = "1", Max = "100000")]
    public int CheckpointSegments { get; set; } = 1024;

    /// <summary>Pause between two looks at what needs a checkpoint. 10 ms to 1 min; default 1 s.</summary>
    [Setting("Pause between two looks at what needs a checkpoint.", Min = "10ms", Max = "1min")]
    public TimeSpan HousekeepingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an append waits for the store before its caller is told that it cannot be reached. The append stays
    /// queued; repeating it is safe. 1 s to 10 min; default 30 s.
    /// </summary>
    [Setting("How long an append waits for the store before its caller is told that it cannot be reached.", Min = "1s", Max = "10min")]
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long closing the contexts may take when the silo stops. What a store that is full or away has not taken by then is
    /// given up: it was not acknowledged, and agents repeat it. 1 s to 10 min; default 20 s.
    /// </summary>
    [Setting("How long closing the contexts may take when the silo stops; what is not closed by then is recovered from the log.", Min = "1s", Max = "10min")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Segments after which a silo goes on in a new log and seals the old one, or twice the lag allowed to roots, if that is
    /// more. 16 to 1,000,000; default 8,192.
    /// </summary>
    [Setting("Segments after which a silo goes on in a new log and seals the old one.", Min = "16", Max = "1000000")]
    public int RotateSegments { get; set; } = 8192;

    /// <summary>Small runs of KV that a context's newest extents gather before they are merged: at most so many reads bring what is not merged. 2 to 1,024; default 64.</summary>
    [Setting("Small runs of KV that a context gathers before they are merged.", Min = "2", Max = "1024")]
    public int CompactionRuns { get; set; } = 64;

    /// <summary>Most KV bytes that compaction writes a second. 64 KiB or more; default 32 MiB.</summary>
    [Setting("Most KV that compaction writes a second.", Min = "64KiB")]
    public long CompactionBytesPerSecond { get; set; } = 32 << 20;

    /// <summary>Pause between two collections of what no root refers to. 100 ms to 1 day; default 5 min.</summary>
    [Setting("Pause between two collections of what nothing refers to.", Min = "100ms", Max = "1d")]
    public TimeSpan CollectionInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of KV kept in memory, off the GC heap. 0 or more; default 1 GiB.</summary>
    [Setting("KV kept in memory, off the GC heap: give the process this and 512MiB.", Section = TiersSectionName)]
    public long MemoryTierBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Folder on this machine's disk to which KV is written when it comes into memory, for a silo whose store is farther away than its disk; also
    /// across restarts. Every silo needs one of its own. Default <see langword="null"/>: none.
    /// </summary>
    [Setting("Folder on this machine's disk, one for each silo, to which KV is written when it comes into memory; none if empty.", IsFolder = true, Section = TiersSectionName)]
    public string? DiskTierPath { get; set; }

    /// <summary>Most bytes of KV in <see cref="DiskTierPath"/>. 64 MiB or more; default 16 GiB.</summary>
    [Setting("Most KV in that folder.", Min = "64MiB", Section = TiersSectionName)]
    public long DiskTierBytes { get; set; } = 16L << 30;

    /// <summary>
    /// Most blocks of inputs in the index that finds whose KV a new context can share, 21 to 43 bytes each, taken as they come; 0 for no
    /// index. 0 to 1 billion; default 2,097,152.
    /// </summary>
    [Setting("Blocks of inputs, 21 to 43 bytes each, that are remembered to find KV to share; 0 for none.", Max = "1000000000", Section = TiersSectionName)]
    public long PrefixIndexBlocks { get; set; } = 2 << 20;

    /// <summary>Payloads read ahead by one reader, as long as they are under 16 MiB; of those up to 64 KiB four times as many. 1 to 64; default 8.</summary>
    [Setting("Payloads read ahead by one reader.", Min = "1", Max = "64", Section = TiersSectionName)]
    public int ReadAhead { get; set; } = 8;

    /// <summary>Segments of a log's index. Smaller only where tests want many of them.</summary>
    internal int IndexSegments { get; set; } = 128;

    /// <summary>Segments for each open context by which its root may lag, likewise.</summary>
    internal int SegmentsPerContext { get; set; } = 64;

    /// <summary>Records that all open contexts' roots together may lag behind: what a recovery keeps in memory, some 200 bytes each.</summary>
    internal int TailRecords { get; set; } = 250_000;

    /// <summary>Blocks of inputs at which a page is full. Smaller only where tests want many pages.</summary>
    internal int PageBlocks { get; set; } = 1024;

    /// <summary>Extents at which a page is full, likewise.</summary>
    internal int PageExtents { get; set; } = ManifestCodec.MaxPageExtents;
}
