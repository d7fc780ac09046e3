using System.Diagnostics.Metrics;

namespace Swarm.Testing.Simulation;

/// <summary>Meters that measure nothing: a simulated process that is killed ends nothing, and the runtime would keep its meter, and with it all of its memory.</summary>
public sealed class InertMeters : IMeterFactory
{
    private readonly Meter _ended = new("Swarm.Ended");

    private InertMeters() => _ended.Dispose(); // Instruments of it can be made and used, and are known to nobody.

    /// <summary>The factory.</summary>
    public static InertMeters Instance { get; } = new();

    /// <inheritdoc/>
    public Meter Create(MeterOptions options) => _ended;

    /// <inheritdoc/>
    public void Dispose()
    {
        // For the whole process.
    }
}
