using System.Diagnostics.Metrics;

namespace Swarm.Testing.Diagnostics;

/// <summary>Everything that the meters of one factory measure, from the moment that this is made.</summary>
public sealed class MetricRecorder : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(string Name, double Value, Dictionary<string, string> Tags)> _measurements = [];
    private readonly Dictionary<string, double> _looked = [];
    private readonly HashSet<string> _published = [];

    /// <summary>Listens.</summary>
    /// <param name="factory">Whose meters.</param>
    public MetricRecorder(IMeterFactory factory)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Meter.Name.StartsWith("Swarm.", StringComparison.Ordinal))
            {
                lock (_lock)
                {
                    _published.Add(instrument.Name);
                }

                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Names of the instruments that there are.</summary>
    public IReadOnlySet<string> Instruments
    {
        get
        {
            lock (_lock)
            {
                return _published.ToHashSet();
            }
        }
    }

    /// <summary>How often an instrument was used with some attributes.</summary>
    /// <param name="name">The instrument.</param>
    /// <param name="tags">Attributes that a measurement must have, as key and value.</param>
    public int Count(string name, params (string Key, string Value)[] tags) => Find(name, tags).Length;

    /// <summary>Sum of what an instrument measured with some attributes.</summary>
    /// <param name="name">The instrument.</param>
    /// <param name="tags">Attributes that a measurement must have, as key and value.</param>
    public double Sum(string name, params (string Key, string Value)[] tags) => Find(name, tags).Sum();

    /// <summary>Present value of an observed instrument, over all its attributes.</summary>
    /// <param name="name">The instrument.</param>
    public double Look(string name)
    {
        lock (_lock)
        {
            _looked.Clear();
        }

        _listener.RecordObservableInstruments();
        lock (_lock)
        {
            return _looked.GetValueOrDefault(name, double.NaN);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private double[] Find(string name, (string Key, string Value)[] tags)
    {
        lock (_lock)
        {
            return [.. _measurements
                .Where(item => item.Name == name && tags.All(tag => item.Tags.GetValueOrDefault(tag.Key) == tag.Value))
                .Select(item => item.Value)];
        }
    }

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var found = new Dictionary<string, string>();
        foreach (var tag in tags)
        {
            found[tag.Key] = $"{tag.Value}";
        }

        lock (_lock)
        {
            if (instrument.IsObservable)
            {
                _looked[instrument.Name] = _looked.GetValueOrDefault(instrument.Name) + value;
            }
            else
            {
                _measurements.Add((instrument.Name, value, found));
            }
        }
    }
}
