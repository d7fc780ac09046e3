namespace DroneHandoff.Telemetry;

/// <summary>What the drone reported at one moment.</summary>
/// <remarks>
/// Tokens are made of time, position, height and speed over ground. The properties behind them are what MAVLink tells besides; DJI's
/// recordings have none of them.
/// </remarks>
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
    double? VerticalSpeed)
{
    /// <summary>Height in metres over the take-off point, where the drone tells it beside <see cref="HeightMetres"/>.</summary>
    public double? HomeHeightMetres { get; init; }

    /// <summary>Where the nose points: degrees clockwise from north, at least 0 and less than 360, when known.</summary>
    public double? HeadingDegrees { get; init; }

    /// <summary>Speed through the air in m/s, at least 0, when known.</summary>
    public double? AirSpeed { get; init; }

    /// <summary>How the drone lies in the air, when known.</summary>
    public VehicleAttitude? Attitude { get; init; }

    /// <summary>Charge of the first battery in percent, 0 to 100, when the drone estimates it.</summary>
    public int? BatteryPercent { get; init; }

    /// <summary>Voltage of the first battery in volts, all cells together, when measured.</summary>
    public double? BatteryVolts { get; init; }
}
