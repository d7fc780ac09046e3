using System.Diagnostics.Metrics;
using Swarm.Core.Diagnostics;

namespace Swarm.Host;

/// <summary>What the host measures. <c>src/INSTRUMENTS.md</c> describes each instrument. Thread-safe.</summary>
internal sealed class HostMetrics : IDisposable
{
    private readonly AreaMeter _meter;
    private readonly Counter<long> _held;

    /// <summary>Makes the instruments.</summary>
    /// <param name="factory">The host's meters; <see langword="null"/> for a meter of its own, which ends with this.</param>
    public HostMetrics(IMeterFactory? factory = null)
    {
        _meter = new AreaMeter(SwarmInstruments.Host, factory);
        _held = _meter.Counter("swarm.connections.held", "{connection}", "Connections that were closed because no handshake arrived in time, or that had to wait for a connection slot.");
    }

    /// <summary>Counts a connection that was closed, or had to wait.</summary>
    /// <param name="port">Name of the port.</param>
    /// <param name="isSilent">Whether no handshake arrived in time; otherwise all slots of the port were in use.</param>
    public void Held(string port, bool isSilent) => _held.Add(1, new("swarm.port", port), new("swarm.reason", isSilent ? "silent" : "full"));

    /// <summary>Ends the meter, if it is its own.</summary>
    public void Dispose() => _meter.Dispose();
}
