using Swarm.Client.Rehydration;
using Swarm.Core.Blocks;

namespace Swarm.Client.Sessions;

/// <summary>Settings of one <see cref="AgentMemory"/>.</summary>
public sealed class MemoryOptions
{
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
    /// The stated back-pressure: a step waits while more inputs than this are not durable. Default 65,536 positions.
    /// KV never makes a step wait.
    /// </summary>
    public int MaxUndurableTokens { get; set; } = 65_536;

    /// <summary>How often the session says that it lives. Default 1 s.</summary>
    public TimeSpan TouchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between attempts to reconnect. Default 2 s.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long disposing waits for what is not durable yet. Default 5 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them.</exception>
    public void Validate()
    {
        List<string> faults = [];
        Check(BlockTokens is >= 1 and <= PrefixHasher.MaxBlockTokens, nameof(BlockTokens), BlockTokens);
        Check(InputFlushInterval >= TimeSpan.Zero, nameof(InputFlushInterval), InputFlushInterval);
        Check(KvBatchPositions >= 1, nameof(KvBatchPositions), KvBatchPositions);
        Check(KvFlushInterval >= TimeSpan.Zero, nameof(KvFlushInterval), KvFlushInterval);
        Check(KvRecordBytes >= 4096, nameof(KvRecordBytes), KvRecordBytes);
        Check(MaxUndurableTokens >= 1, nameof(MaxUndurableTokens), MaxUndurableTokens);
        Check(TouchInterval > TimeSpan.Zero, nameof(TouchInterval), TouchInterval);
        Check(MaxReconnectDelay > TimeSpan.Zero, nameof(MaxReconnectDelay), MaxReconnectDelay);
        Check(DrainTimeout >= TimeSpan.Zero, nameof(DrainTimeout), DrainTimeout);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults));
        }

        void Check(bool holds, string name, object value)
        {
            if (!holds)
            {
                faults.Add($"{name} {value} is out of range.");
            }
        }
    }
}
