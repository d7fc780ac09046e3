using DroneHandoff.Telemetry;

namespace DroneHandoff.Tokens;

/// <summary>Metres to the east and north of an origin, on the plane that touches a sphere there.</summary>
/// <remarks>
/// Equirectangular: within 10 km of the origin and 60° of the equator its metres are off by less than 0.5 %, always
/// in the same way, so that differences between neighbouring readings are right and turning back is exact.
/// </remarks>
/// <param name="origin">The position that becomes (0, 0).</param>
public readonly struct LocalPlane(GeoPosition origin)
{
    private const double EarthRadiusMetres = 6_371_008.8;
    private const double MetresPerDegree = EarthRadiusMetres * Math.PI / 180;

    /// <summary>Where a position lies on the plane.</summary>
    /// <param name="position">The position.</param>
    /// <returns>Metres to the east and to the north; the shorter way across the date line.</returns>
    public (double East, double North) Project(GeoPosition position)
    {
        var degreesEast = Math.IEEERemainder(position.Longitude - origin.Longitude, 360);
        var shrink = Math.Cos(origin.Latitude * Math.PI / 180);
        return (degreesEast * shrink * MetresPerDegree, (position.Latitude - origin.Latitude) * MetresPerDegree);
    }
}
