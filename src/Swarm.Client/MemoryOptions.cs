using Swarm.Core.Blocks;
using Swarm.Core.Settings;

namespace Swarm;

/// <summary>Settings of one <see cref="AgentMemory"/>.</summary>
public sealed class MemoryOptions : ISettingRules
{
    /// <summary>Positions of a block, for a context that is made. 1 to 1,024; default 64.</summary>
    [Setting("Positions of a block, for a context that is made.", Min = "1", Max = "1024")]
    public int BlockTokens { get; set; } = PrefixHasher.DefaultBlockTokens;

    /// <summary>
    /// When a fleet hands the context over by itself. The session gives it to the context, where it stays. Default <see langword="null"/>: the context keeps
    /// what it has, or <see cref="HandoffPolicy.Default"/>.
    /// </summary>
    public HandoffPolicy? HandoffPolicy { get; set; }

    /// <summary>
    /// Whether a take-over that waits for the holder reads the context along meanwhile, as a standby does, so that less is left to load when it may take it over. Nothing is
    /// granted by it. Default true; switch it off where many agents wait for one context and bandwidth is dear.
    /// </summary>
    [Setting("Whether a take-over that waits for the holder reads the context along meanwhile.")]
    public bool PrefetchWhileWaiting { get; set; } = true;

    /// <summary>How the runtime gets the context's memory.</summary>
    public RehydrationStrategy Strategy { get; set; } = RehydrationStrategy.LoadKv;

    /// <summary>Inputs are sent within this time, many small steps as one append. 0 to 1 h; default 5 ms.</summary>
    [Setting("Inputs are sent within this time, many small steps as one append.", Max = "1h")]
    public TimeSpan InputFlushInterval { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Positions that a KV record waits for, unless it is full or old enough before. 1 or more; default 64.</summary>
    [Setting("Positions that a KV record waits for, unless it is full or old enough before.", Min = "1")]
    public int KvBatchPositions { get; set; } = 64;

    /// <summary>KV older than this is sent, however few positions it is. 0 to 1 h; default 100 ms.</summary>
    [Setting("KV older than this is sent, however few positions it is.", Max = "1h")]
    public TimeSpan KvFlushInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Largest KV record, in bytes, as long as one step is not larger by itself. 4 KiB or more; default 1 MiB.</summary>
    [Setting("Largest KV record, as long as one step is not larger by itself.", Min = "4KiB")]
    public int KvRecordBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Back-pressure: a step waits while more inputs than this are not durable. 1 position or more; default 65,536.
    /// KV never makes a step wait. With a <see cref="SpoolPath"/> the bound is <see cref="SpoolBytes"/> instead.
    /// </summary>
    [Setting("Inputs that may be not durable before a step waits, without a spool.", Min = "1")]
    public int MaxUndurableTokens { get; set; } = 65_536;

    /// <summary>
    /// Folder on this machine's disk in which inputs and states are kept until they are durable, so that the agent goes on
    /// while silo or store is away, and after its own death. Default <see langword="null"/>: no spool.
    /// </summary>
    /// <remarks>
    /// Several agents may share it; each agent's sessions on a context have a folder of their own in it, which one process
    /// at a time uses. The files hold the session's secret and are readable by their owner alone.
    /// </remarks>
    [Setting("Folder on this machine's disk for what is not durable; none if null.", IsFolder = true)]
    public string? SpoolPath { get; set; }

    /// <summary>
    /// Largest size of one context's spool, in bytes, at least 64 KiB. Default 64 MiB. A step that does not fit is refused
    /// with a <see cref="SpoolFullException"/>. A step takes 38 bytes and 4 bytes a token, and its states.
    /// </summary>
    [Setting("Largest size of one context's spool.", Min = "64KiB")]
    public long SpoolBytes { get; set; } = 64L << 20;

    /// <summary>
    /// How often what is neither durable in the store nor on the disk itself is brought there (fsync), in the background.
    /// Default 500 ms: a power cut takes at most what was fed in the last two intervals; the death of the process takes
    /// nothing. Zero: each step waits for its fsync. At most 1 h.
    /// </summary>
    [Setting("How often the spool is brought to the disk in the background; 0 for each step by itself.", Max = "1h")]
    public TimeSpan SpoolSyncInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Heartbeat interval. 1 ms to 1 h; default 1 s.</summary>
    [Setting("Heartbeat interval.", Min = "1ms", Max = "1h")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After this long without anything from the silo, the others are asked whether the context is elsewhere by now.
    /// 1 ms to 1 d; default 3 s.
    /// </summary>
    [Setting("Time without anything from the silo after which the context is looked for elsewhere.", Min = "1ms", Max = "1d")]
    public TimeSpan SiloSilence { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Longest pause between attempts to reconnect. 1 ms to 1 h; default 1 s.</summary>
    [Setting("Longest pause between attempts to reconnect.", Min = "1ms", Max = "1h")]
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long disposing waits for what is not durable yet. 0 to 1 d; default 5 s.</summary>
    [Setting("How long disposing waits for what is not durable yet.", Max = "1d")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether disposing throws a <see cref="NotDurableException"/> when inputs or states are given up, neither durable nor in a spool. Default
    /// <see langword="true"/>. Switched off, only the log tells: use <see cref="AgentMemory.CloseAsync"/>, and look at its result.
    /// </summary>
    public bool ThrowIfNotDurable { get; set; } = true;

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them, with value, limit and remedy.</exception>
    public void Validate() => SettingRules.Require(this, "options");

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (FaultOf(HandoffPolicy) is { } fault)
        {
            yield return $"{name(nameof(HandoffPolicy))}: {fault}";
        }

        if (SpoolPath is { Length: 0 })
        {
            yield return $"{name(nameof(SpoolPath))} is empty: name a folder, or set it to null for no spool.";
        }
    }

    private static string? FaultOf(HandoffPolicy? policy)
    {
        try
        {
            policy?.Validate();
            return null;
        }
        catch (ArgumentException exception)
        {
            return SettingRules.TextOf(exception);
        }
    }
}
