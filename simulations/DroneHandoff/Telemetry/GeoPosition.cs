namespace DroneHandoff.Telemetry;

/// <summary>A position on the WGS 84 ellipsoid.</summary>
/// <param name="Latitude">Degrees north, -90 to 90.</param>
/// <param name="Longitude">Degrees east, -180 to 180.</param>
public readonly record struct GeoPosition(double Latitude, double Longitude);
