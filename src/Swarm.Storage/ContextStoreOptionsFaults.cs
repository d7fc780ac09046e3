using Swarm.Storage.Blobs;

namespace Swarm.Storage;

/// <summary>Finds every fault of a <see cref="ContextStoreOptions"/> at once.</summary>
public static class ContextStoreOptionsFaults
{
    /// <summary>Checks all settings.</summary>
    /// <param name="options">The settings.</param>
    /// <returns>One sentence for each fault, with the value and the limits; empty when all is well.</returns>
    public static IReadOnlyList<string> Find(ContextStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new List<string>();
        Time(nameof(options.FlushInterval), options.FlushInterval, 0.001, 10);
        Number(nameof(options.SegmentBytes), options.SegmentBytes, 64 << 10, 64 << 20);
        Number(nameof(options.SegmentsInFlight), options.SegmentsInFlight, 1, 16);
        Number(nameof(options.LargeRecordBytes), options.LargeRecordBytes, 64, 64 << 20);
        Number(nameof(options.CheckpointSegments), options.CheckpointSegments, 1, 100_000);
        Time(nameof(options.HousekeepingInterval), options.HousekeepingInterval, 0.01, 60);
        Time(nameof(options.AnswerTimeout), options.AnswerTimeout, 1, 600);
        Time(nameof(options.StopTimeout), options.StopTimeout, 1, 600);
        Number(nameof(options.RotateSegments), options.RotateSegments, 16, 1_000_000);
        Number(nameof(options.CompactionRuns), options.CompactionRuns, 2, 1024);
        Number(nameof(options.CompactionBytesPerSecond), options.CompactionBytesPerSecond, 64 << 10, long.MaxValue);
        Time(nameof(options.CollectionInterval), options.CollectionInterval, 0.1, 86_400);
        Number(nameof(options.MemoryTierBytes), options.MemoryTierBytes, 0, long.MaxValue);
        Number(nameof(options.DiskTierBytes), options.DiskTierBytes, 64 << 20, long.MaxValue);
        Number(nameof(options.PrefixIndexBlocks), options.PrefixIndexBlocks, 0, 1_000_000_000);
        Number(nameof(options.ReadAhead), options.ReadAhead, 1, 64);
        if (options.DiskTierPath is { Length: > 0 } disk && FolderPathRules.Fault(disk) is { } fault)
        {
            faults.Add($"{nameof(options.DiskTierPath)}: {fault}");
        }

        return faults;

        void Number(string name, long value, long min, long max)
        {
            if (value < min || value > max)
            {
                faults.Add($"{name} is {value}; it must be {min} to {max}.");
            }
        }

        void Time(string name, TimeSpan value, double minSeconds, double maxSeconds)
        {
            if (!(value.TotalSeconds >= minSeconds && value.TotalSeconds <= maxSeconds))
            {
                faults.Add($"{name} is {value.TotalSeconds} s; it must be {minSeconds} to {maxSeconds} s.");
            }
        }
    }
}
