namespace DroneHandoff.Telemetry;

/// <summary>Where a block's height comes from. Of several in a block the last of these counts, wherever it stands.</summary>
internal enum HeightSource
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>The third value of <c>GPS(latitude,longitude,height)</c>.</summary>
    Satellites,

    /// <summary>A barometer, over the take-off point.</summary>
    Barometer,

    /// <summary>Over the take-off point.</summary>
    OverHome,

    /// <summary>Over the sea.</summary>
    OverSea,
}
