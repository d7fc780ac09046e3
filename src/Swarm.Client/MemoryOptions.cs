using System.Globalization;
using Swarm.Core.Blocks;

namespace Swarm;

/// <summary>Settings of one <see cref="AgentMemory"/>.</summary>
public sealed class MemoryOptions
{
    private const int MinKvRecordBytes = 4096;
    private const int MinSpoolBytes = 64 << 10;

    /// <summary>Positions of a block, for a context that is made. Default 64.</summary>
    public int BlockTokens { get; set; } = PrefixHasher.DefaultBlockTokens;

    /// <summary>How the runtime gets the context's memory.</summary>
    public RehydrationStrategy Strategy { get; set; } = RehydrationStrategy.LoadKv;

    /// <summary>Inputs are sent within this time, many small steps as one append. Default 5 ms.</summary>
    public TimeSpan InputFlushInterval { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Positions that a KV record waits for, unless it is full or old enough before. Default 64.</summary>
    public int KvBatchPositions { get; set; } = 64;

    /// <summary>KV older than this is sent, however few positions it is. Default 100 ms.</summary>
    public TimeSpan KvFlushInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Largest KV record, in bytes, as long as one step is not larger by itself. Default 1 MiB.</summary>
    public int KvRecordBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Back-pressure: a step waits while more inputs than this are not durable. Default 65,536 positions.
    /// KV never makes a step wait. With a <see cref="SpoolPath"/> the bound is <see cref="SpoolBytes"/> instead.
    /// </summary>
    public int MaxUndurableTokens { get; set; } = 65_536;

    /// <summary>
    /// Folder on this machine's disk in which inputs and states are kept until they are durable, so that the agent goes on
    /// while silo or store is away, and after its own death. Default <see langword="null"/>: no spool.
    /// </summary>
    /// <remarks>
    /// Several agents may share it; each agent's sessions on a context have a folder of their own in it, which one process
    /// at a time uses. The files hold the session's secret and are readable by their owner alone.
    /// </remarks>
    public string? SpoolPath { get; set; }

    /// <summary>
    /// Largest size of one context's spool, in bytes, at least 64 KiB. Default 64 MiB. A step that does not fit is refused
    /// with a <see cref="SpoolFullException"/>. A step takes 38 bytes and 4 bytes a token, and its states.
    /// </summary>
    public long SpoolBytes { get; set; } = 64L << 20;

    /// <summary>
    /// How often what is neither durable in the store nor on the disk itself is brought there (fsync), in the background.
    /// Default 500 ms: a power cut takes at most what was fed in the last two intervals; the death of the process takes
    /// nothing. Zero: each step waits for its fsync.
    /// </summary>
    public TimeSpan SpoolSyncInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Heartbeat interval. Default 1 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After this long without anything from the silo, the others are asked whether the context is elsewhere by now.
    /// Default 3 s.
    /// </summary>
    public TimeSpan SiloSilence { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Longest pause between attempts to reconnect. Default 1 s.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long disposing waits for what is not durable yet. Default 5 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether disposing throws a <see cref="NotDurableException"/> when inputs or states are given up, neither durable nor in a spool. Default
    /// <see langword="true"/>. Switched off, only the log tells: use <see cref="AgentMemory.CloseAsync"/>, and look at its result.
    /// </summary>
    public bool ThrowIfNotDurable { get; set; } = true;

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them, with value, limit and remedy.</exception>
    public void Validate()
    {
        const string Positive = "more than 0";
        const string NotNegative = "0 or more";
        List<string> faults = [];
        var standard = new MemoryOptions();
        Check(
            BlockTokens is >= 1 and <= PrefixHasher.MaxBlockTokens,
            nameof(BlockTokens),
            BlockTokens,
            $"1 to {PrefixHasher.MaxBlockTokens}",
            standard.BlockTokens);
        Check(InputFlushInterval >= TimeSpan.Zero, nameof(InputFlushInterval), InputFlushInterval, NotNegative, standard.InputFlushInterval);
        Check(KvBatchPositions >= 1, nameof(KvBatchPositions), KvBatchPositions, Positive, standard.KvBatchPositions);
        Check(KvFlushInterval >= TimeSpan.Zero, nameof(KvFlushInterval), KvFlushInterval, NotNegative, standard.KvFlushInterval);
        Check(KvRecordBytes >= MinKvRecordBytes, nameof(KvRecordBytes), KvRecordBytes, $"{MinKvRecordBytes} bytes or more", standard.KvRecordBytes);
        Check(MaxUndurableTokens >= 1, nameof(MaxUndurableTokens), MaxUndurableTokens, Positive, standard.MaxUndurableTokens);
        Check(SpoolBytes >= MinSpoolBytes, nameof(SpoolBytes), SpoolBytes, $"{MinSpoolBytes} bytes or more", standard.SpoolBytes);
        Check(SpoolSyncInterval >= TimeSpan.Zero, nameof(SpoolSyncInterval), SpoolSyncInterval, NotNegative, standard.SpoolSyncInterval);
        Check(HeartbeatInterval > TimeSpan.Zero, nameof(HeartbeatInterval), HeartbeatInterval, Positive, standard.HeartbeatInterval);
        Check(SiloSilence > TimeSpan.Zero, nameof(SiloSilence), SiloSilence, Positive, standard.SiloSilence);
        Check(MaxReconnectDelay > TimeSpan.Zero, nameof(MaxReconnectDelay), MaxReconnectDelay, Positive, standard.MaxReconnectDelay);
        Check(DrainTimeout >= TimeSpan.Zero, nameof(DrainTimeout), DrainTimeout, NotNegative, standard.DrainTimeout);
        if (SpoolPath is not null && string.IsNullOrWhiteSpace(SpoolPath))
        {
            faults.Add($"{nameof(SpoolPath)} is '{SpoolPath}': name a folder, or set it to null for no spool.");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults));
        }

        void Check<T>(bool holds, string name, T value, string allowed, T otherwise)
        {
            if (!holds)
            {
                faults.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{name} is {value}; {allowed} is needed: set it to that, or leave it at its default, {otherwise}."));
            }
        }
    }
}
