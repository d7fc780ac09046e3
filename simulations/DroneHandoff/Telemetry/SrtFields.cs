namespace DroneHandoff.Telemetry;

/// <summary>The kinds of measurement that a block can have, present or marked as not available.</summary>
[Flags]
internal enum SrtFields
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>Latitude and longitude.</summary>
    Position = 1,

    /// <summary>A height or an altitude.</summary>
    Height = 2,

    /// <summary>Speed over ground.</summary>
    HorizontalSpeed = 4,

    /// <summary>Speed upwards.</summary>
    VerticalSpeed = 8,
}
