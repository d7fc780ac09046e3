using System.Globalization;

namespace DroneHandoff.Telemetry;

/// <summary>What stands between the parentheses of <c>GPS(…)</c>, as written.</summary>
/// <param name="Line">Number of its line.</param>
/// <param name="Text">All of it.</param>
/// <param name="First">First value.</param>
/// <param name="Second">Second value.</param>
/// <param name="Third">Third value.</param>
internal sealed record GpsTuple(int Line, string Text, string First, string Second, string Third)
{
    /// <summary>The forms that are understood, for error messages.</summary>
    public const string Forms =
        "GPS(longitude,latitude,satellites) with a whole number, GPS(latitude,longitude,heightM), or "
        + "GPS(latitude,longitude,height) with decimals beside BAROMETER(height)";

    private const int ValueCount = 3;

    /// <summary>Whether the third value is left out or marked as missing, so that the form tells nothing.</summary>
    public bool HasNoForm => IsMissing(Third);

    /// <summary>Whether there is no fix in any order of the first two values: missing, or zero for both.</summary>
    public bool HasNoFix =>
        IsMissing(First) || IsMissing(Second) || (IsNumber(First, out var first) && IsNumber(Second, out var second) && first == 0 && second == 0);

    /// <summary>Splits the values.</summary>
    /// <param name="values">What stands between the parentheses.</param>
    /// <param name="line">Number of the line.</param>
    /// <returns>The tuple, or <see langword="null"/> where there are not three values.</returns>
    public static GpsTuple? TrySplit(ReadOnlySpan<char> values, int line)
    {
        Span<Range> parts = stackalloc Range[ValueCount + 1];
        return values.Split(parts, ',') == ValueCount
            ? new GpsTuple(
                line,
                values.ToString(),
                values[parts[0]].Trim().ToString(),
                values[parts[1]].Trim().ToString(),
                values[parts[2]].Trim().ToString())
            : null;
    }

    /// <summary>Tells the order of the first two values by the form of the line.</summary>
    /// <param name="hasBarometerTuple">Whether <c>BAROMETER(…)</c>, with parentheses, is in the block.</param>
    /// <returns>The order, or <see cref="PositionNotation.None"/> where the form is not one that is known.</returns>
    public PositionNotation Notation(bool hasBarometerTuple)
    {
        var hasUnit = Third.EndsWith('M');
        if (!IsNumber(hasUnit ? Third.AsSpan(0, Third.Length - 1) : Third, out _))
        {
            return PositionNotation.None;
        }

        var isWhole = !hasUnit && !Third.Contains('.', StringComparison.Ordinal);
        return hasUnit ? PositionNotation.LatitudeFirst
            : isWhole && !hasBarometerTuple ? PositionNotation.LongitudeFirst
            : !isWhole && hasBarometerTuple ? PositionNotation.LatitudeFirst
            : PositionNotation.None;
    }

    private static bool IsMissing(string value) => value.Length == 0 || value.Equals("n/a", StringComparison.OrdinalIgnoreCase);

    private static bool IsNumber(ReadOnlySpan<char> value, out double number) =>
        double.TryParse(
            value,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out number);
}
