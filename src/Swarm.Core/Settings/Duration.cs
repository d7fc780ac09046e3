using System.Globalization;
using System.Text.RegularExpressions;

namespace Swarm.Core.Settings;

/// <summary>Time spans as users write them: <c>500ms</c>, <c>2s</c>, <c>1.5m</c>, <c>1h</c>, <c>1d</c>, <c>00:00:02.5</c>.</summary>
/// <remarks>Case does not matter; <c>m</c>, or <c>min</c>, is minutes. A number without a unit is refused, but for 0.</remarks>
public static partial class Duration
{
    /// <summary>What a user is told when a text is no time span.</summary>
    public const string Forms = "a time such as 500ms, 2s, 5m, 1h, 1d or 00:00:02 (hh:mm:ss)";

    private static readonly (string Name, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute),
        ("min", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    /// <summary>Reads a time span.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="duration">The time span, rounded to 100 ns; 0 or more.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = TimeSpan.Zero;
        text = text.Trim();
        if (Clock().IsMatch(text))
        {
            return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration);
        }

        if (!Quantity.TrySplit(text, out var number, out var name))
        {
            return false;
        }

        if (name.Length == 0 && number == 0)
        {
            return true;
        }

        var unit = Array.Find(Units, candidate => candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (unit.Ticks == 0 || !Quantity.TryScale(number, unit.Ticks, out var ticks))
        {
            return false;
        }

        duration = TimeSpan.FromTicks(ticks);
        return true;
    }

    /// <summary>Writes a time span so that <see cref="TryParse"/> reads the same back.</summary>
    /// <param name="duration">The time span.</param>
    public static string Format(TimeSpan duration)
    {
        if (duration.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            return duration.ToString("c", CultureInfo.InvariantCulture);
        }

        var (name, ticks) = duration.Ticks switch
        {
            < TimeSpan.TicksPerSecond and not 0 => ("ms", TimeSpan.TicksPerMillisecond),
            var all and not 0 when all % TimeSpan.TicksPerDay == 0 => ("d", TimeSpan.TicksPerDay),
            var all and not 0 when all % TimeSpan.TicksPerHour == 0 => ("h", TimeSpan.TicksPerHour),
            var all and not 0 when all % TimeSpan.TicksPerMinute == 0 => ("m", TimeSpan.TicksPerMinute),
            _ => ("s", TimeSpan.TicksPerSecond),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{(decimal)duration.Ticks / ticks:0.###}{name}");
    }

    // TimeSpan.Parse would read 24:00:00 as 24 days, and 30 as 30 days.
    [GeneratedRegex(@"^(\d+\.)?\d{2}:\d{2}:\d{2}(\.\d{1,7})?$", RegexOptions.CultureInvariant)]
    private static partial Regex Clock();
}
