using System.Diagnostics.Metrics;

namespace Swarm.Host;

/// <summary>What the host counts. Meter <c>Swarm.Host</c>.</summary>
internal static class HostMetrics
{
    private static readonly Meter Meter = new("Swarm.Host");

    /// <summary>Connections that were closed because no handshake arrived, and that had to wait because all slots of a port were in use.</summary>
    public static Counter<long> Held { get; } = Meter.CreateCounter<long>(
        "swarm.connections.held",
        "{connection}",
        "Connections that were closed because no handshake arrived in time (silent), or had to wait for a connection slot (full).");
}
