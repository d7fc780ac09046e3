using System.Diagnostics.Metrics;

namespace Swarm.Core.Diagnostics;

/// <summary>The meter of one area, through which all its instruments are made: of a host's factory, or of its own where there is none.</summary>
/// <remarks>
/// There is no meter that a process shares: two silos in one process, each with the factory of its host, are measured apart. Instruments of a
/// factory's meter end with the factory. What is not observed here is made once a factory, however often it is asked for.
/// </remarks>
public sealed class AreaMeter : IDisposable
{
    // From 100 µs to 100 s, about three to a decade.
    private static readonly double[] _seconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100];

    private readonly Meter _meter;
    private readonly bool _isOwn;

    /// <summary>Makes the meter.</summary>
    /// <param name="name">Its name, one of <see cref="SwarmInstruments"/>.</param>
    /// <param name="factory">The host's factory; <see langword="null"/> for a meter of its own, which ends with this.</param>
    public AreaMeter(string name, IMeterFactory? factory)
    {
        _isOwn = factory is null;
        _meter = factory?.Create(new MeterOptions(name)) ?? new Meter(name);
    }

    /// <summary>Makes a counter.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="unit">UCUM unit.</param>
    /// <param name="description">What is counted.</param>
    public Counter<long> Counter(string name, string unit, string description) => _meter.CreateCounter<long>(name, unit, description);

    /// <summary>Makes a histogram of durations in seconds, with bounds from 100 µs to 100 s.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">From when to when.</param>
    public Histogram<double> Duration(string name, string description) => _meter.CreateHistogram(
        name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = _seconds });

    /// <summary>Makes a gauge that is set.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="unit">UCUM unit.</param>
    /// <param name="description">What it shows.</param>
    public Gauge<double> Gauge(string name, string unit, string description) => _meter.CreateGauge<double>(name, unit, description);

    /// <summary>Makes a counter that is looked at when it is collected.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="unit">UCUM unit.</param>
    /// <param name="description">What is counted.</param>
    /// <param name="observe">Tells the counts so far; called on any thread.</param>
    public void ObservedCounter(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> observe) =>
        _meter.CreateObservableCounter(name, unit: unit, description: description, observeValues: observe);

    /// <summary>Makes a number that is looked at when it is collected, and whose sum over processes means something.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="unit">UCUM unit.</param>
    /// <param name="description">What it shows.</param>
    /// <param name="observe">Tells the present values; called on any thread.</param>
    public void ObservedAmount(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> observe) =>
        _meter.CreateObservableUpDownCounter(name, unit: unit, description: description, observeValues: observe);

    /// <summary>Makes a number that is looked at when it is collected, and whose sum means nothing.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="unit">UCUM unit.</param>
    /// <param name="description">What it shows.</param>
    /// <param name="observe">Tells the present values; called on any thread.</param>
    public void ObservedGauge(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> observe) =>
        _meter.CreateObservableGauge(name, unit: unit, description: description, observeValues: observe);

    /// <summary>Ends the meter, if it is its own.</summary>
    public void Dispose()
    {
        if (_isOwn)
        {
            _meter.Dispose();
        }
    }
}
