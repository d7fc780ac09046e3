namespace Swarm.Format.Segments;

/// <summary>Types of records. The numbers are persisted; the top bit (0x80) on the wire marks a critical one.</summary>
public enum RecordType
{
    /// <summary>Token ids.</summary>
    Tokens = 1,

    /// <summary>Inputs that are not tokens, such as embeddings.</summary>
    Input = 2,

    /// <summary>KV of a run of positions.</summary>
    Kv = 3,

    /// <summary>Named state.</summary>
    State = 4,

    /// <summary>A new holder, or a release.</summary>
    Epoch = 5,

    /// <summary>A rewind.</summary>
    Truncate = 6,

    /// <summary>The context began as a fork.</summary>
    Fork = 7,

    /// <summary>Old positions of a window were given up.</summary>
    Trim = 8,
}
