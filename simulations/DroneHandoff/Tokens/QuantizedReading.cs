namespace DroneHandoff.Tokens;

/// <summary>A reading as its tokens tell it.</summary>
/// <param name="Elapsed">Time since the context's first reading.</param>
/// <param name="EastMetres">Metres to the east of the context's first fix; none without a fix.</param>
/// <param name="NorthMetres">Metres to the north of the context's first fix; none without a fix.</param>
/// <param name="HeightMetres">Metres above the context's first recorded height, when recorded.</param>
/// <param name="HorizontalSpeed">Speed over ground in m/s, recorded or estimated.</param>
public readonly record struct QuantizedReading(
    TimeSpan Elapsed, double? EastMetres, double? NorthMetres, double? HeightMetres, double? HorizontalSpeed);
