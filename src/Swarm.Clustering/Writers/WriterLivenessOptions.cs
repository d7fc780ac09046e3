namespace Swarm.Clustering.Writers;

/// <summary>Settings of asking other silos for contexts.</summary>
public sealed class WriterLivenessOptions
{
    /// <summary>
    /// How long a silo may take to close a context before the asker is told to try later. Default 2 s. It closes the
    /// context all the same.
    /// </summary>
    public TimeSpan ReleaseTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
