using Swarm.Core.Settings;

namespace Swarm.Clustering.Writers;

/// <summary>Settings of asking other silos for contexts.</summary>
public sealed class WriterLivenessOptions
{
    /// <summary>
    /// How long a silo may take to close a context before the asker is told to try later. 100 ms to 1 min; default 2 s. It closes the
    /// context all the same.
    /// </summary>
    [Setting("How long a live silo may take to close a context that another one needs.", Min = "100ms", Max = "1min")]
    public TimeSpan ReleaseTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
