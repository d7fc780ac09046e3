namespace Swarm.Format.Manifests;

/// <summary>Life of a context's root. The numbers are persisted.</summary>
public enum RootState
{
    /// <summary>A fork that has announced itself and has not read its parent yet.</summary>
    Forking = 1,

    /// <summary>In use.</summary>
    Ready = 2,

    /// <summary>A fork given up by collection.</summary>
    Aborted = 3,

    /// <summary>Erased for good.</summary>
    Erased = 4,
}
