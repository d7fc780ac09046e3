namespace Swarm;

/// <summary>Which positions a layer group needs for the next token. The numbers are persisted.</summary>
public enum LayerGroupKind
{
    /// <summary>Full attention: every position.</summary>
    Full = 1,

    /// <summary>The first S positions (sinks) and the last W (window).</summary>
    Window = 2,

    /// <summary>A recurrent layer: the one snapshot at the last position.</summary>
    Snapshot = 3,
}
