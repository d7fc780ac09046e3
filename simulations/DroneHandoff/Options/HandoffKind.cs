namespace DroneHandoff.Options;

/// <summary>How the predecessor leaves.</summary>
internal enum HandoffKind
{
    /// <summary>It makes everything durable and releases its memory to the successor.</summary>
    Planned,

    /// <summary>It is killed in mid-stream, without warning.</summary>
    Crash,
}
