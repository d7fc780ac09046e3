namespace DroneHandoff.Telemetry;

/// <summary>How a recording writes positions. The form of its lines tells, never the values.</summary>
internal enum PositionNotation
{
    /// <summary>Not at all, or so far only without a fix.</summary>
    None,

    /// <summary>Each with its name: <c>[latitude : 31.45] [longtitude : 74.39]</c>.</summary>
    Named,

    /// <summary>
    /// <c>GPS(149.0251,-20.2533,16)</c>: the third value is a whole number, the number of satellites. Mavic Pro, Mavic Mini, Phantom 4.
    /// </summary>
    LongitudeFirst,

    /// <summary>
    /// <c>GPS(36.6146,-6.1120,0.0M)</c> with the unit M (Matrice 300), or <c>GPS(39.906217,116.391305,69.800) BAROMETER(91.2)</c>, a
    /// height with decimals beside a barometer in parentheses (Avata 2).
    /// </summary>
    LatitudeFirst,
}
