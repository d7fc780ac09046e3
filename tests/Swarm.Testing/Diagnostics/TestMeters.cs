using System.Diagnostics.Metrics;

namespace Swarm.Testing.Diagnostics;

/// <summary>A meter factory like a host's: one meter of a name, told from all others by its scope.</summary>
public sealed class TestMeters : IMeterFactory
{
    private readonly Dictionary<string, Meter> _meters = [];

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        lock (_meters)
        {
            if (!_meters.TryGetValue(options.Name, out var meter))
            {
                _meters.Add(options.Name, meter = new Meter(options.Name, options.Version, options.Tags, this));
            }

            return meter;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_meters)
        {
            foreach (var meter in _meters.Values)
            {
                meter.Dispose();
            }
        }
    }
}
