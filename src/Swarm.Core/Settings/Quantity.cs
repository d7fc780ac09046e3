using System.Buffers;
using System.Globalization;

namespace Swarm.Core.Settings;

/// <summary>A number with a unit behind it.</summary>
internal static class Quantity
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Takes a text apart.</summary>
    /// <param name="text">Such as <c>1.5 GiB</c>.</param>
    /// <param name="number">The number, 0 or more.</param>
    /// <param name="unit">What stands behind it, or empty.</param>
    /// <returns>Whether there is a number, with a point at most.</returns>
    public static bool TrySplit(string text, out decimal number, out string unit)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = text.Trim();
        var end = text.AsSpan().IndexOfAnyExcept(Digits);
        end = end < 0 ? text.Length : end;
        unit = text[end..].TrimStart();
        return decimal.TryParse(text.AsSpan(0, end), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Multiplies, and rounds to a whole number.</summary>
    /// <param name="number">The number.</param>
    /// <param name="unit">What one of the unit is.</param>
    /// <param name="scaled">The product.</param>
    /// <returns>Whether it fits.</returns>
    public static bool TryScale(decimal number, long unit, out long scaled)
    {
        scaled = 0;
        if (number > long.MaxValue / unit)
        {
            return false;
        }

        var product = decimal.Round(number * unit);
        if (product > long.MaxValue)
        {
            return false;
        }

        scaled = (long)product;
        return true;
    }
}
