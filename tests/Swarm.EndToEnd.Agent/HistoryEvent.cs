namespace Swarm.EndToEnd.Agent;

/// <summary>One line of the history: what an agent was told, or was about to do, and when.</summary>
internal sealed record HistoryEvent
{
    /// <summary>What happened.</summary>
    public required EventKind Kind { get; init; }

    /// <summary>When, in ticks of the machine's monotonic clock: comparable between processes.</summary>
    public required long At { get; init; }

    /// <summary>The process.</summary>
    public required string Process { get; init; }

    /// <summary>Context name.</summary>
    public string Context { get; init; } = "";

    /// <summary>The session's epoch.</summary>
    public ulong Epoch { get; init; }

    /// <summary>Positions: the length, where a step begins, or what a rewind keeps.</summary>
    public long Position { get; init; }

    /// <summary>Positions whose inputs are durable.</summary>
    public long Tokens { get; init; }

    /// <summary>Positions whose KV is durable; of an opened session, whose KV was loaded.</summary>
    public long Kv { get; init; }

    /// <summary>Digest of the logits.</summary>
    public ulong Logits { get; init; }

    /// <summary>More, for people.</summary>
    public string Text { get; init; } = "";
}
