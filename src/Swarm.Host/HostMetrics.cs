using System.Diagnostics.Metrics;

namespace Swarm.Host;

/// <summary>What the host counts. Meter <c>Swarm.Host</c>.</summary>
internal static class HostMetrics
{
    private static readonly Meter Meter = new("Swarm.Host");

    /// <summary>Connections that were ended because the peer did not greet, and that had to wait because a port was full.</summary>
    public static Counter<long> Held { get; } = Meter.CreateCounter<long>(
        "swarm.connections.held",
        "{connection}",
        "Connections that were ended because the peer did not greet in time (silent), or had to wait for a place (full).");
}
