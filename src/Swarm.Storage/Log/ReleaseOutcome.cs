namespace Swarm.Storage.Log;

/// <summary>Answer of another silo that was asked to close a context.</summary>
public enum ReleaseOutcome
{
    /// <summary>It closed the context: read the root again.</summary>
    Released,

    /// <summary>It is alive and busy with the context: try later.</summary>
    Busy,

    /// <summary>The writer is gone: recover its log.</summary>
    Gone,
}
