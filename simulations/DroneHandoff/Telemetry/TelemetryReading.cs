namespace DroneHandoff.Telemetry;

/// <summary>What the drone reported at one moment.</summary>
/// <param name="Index">Number of the reading in its stream, from 0.</param>
/// <param name="Elapsed">Time since the stream's first reading; never less than that of the reading before.</param>
/// <param name="Position">Where the drone is; <see langword="null"/> while it has no GPS fix.</param>
/// <param name="HeightMetres">
/// Height in metres over a level that is the same for the whole recording (the sea, or the take-off point, by model of
/// drone); <see langword="null"/> when it is not recorded.
/// </param>
/// <param name="HorizontalSpeed">Speed over ground in m/s, at least 0, when it is recorded.</param>
/// <param name="VerticalSpeed">Speed upwards in m/s, when it is recorded.</param>
public readonly record struct TelemetryReading(
    long Index,
    TimeSpan Elapsed,
    GeoPosition? Position,
    double? HeightMetres,
    double? HorizontalSpeed,
    double? VerticalSpeed);
