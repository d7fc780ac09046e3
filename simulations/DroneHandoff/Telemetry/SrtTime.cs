using System.Globalization;

namespace DroneHandoff.Telemetry;

/// <summary>The two notations in which recordings tell the time of a block.</summary>
/// <remarks>Some drones count a minute's end as its second 60, or an hour's as its minute 60: that is carried on.</remarks>
internal static class SrtTime
{
    private const string Arrow = "-->";
    private const string SixtySeconds = ":60";

    /// <summary>Reads a subtitle's time code: <c>00:00:01,000 --&gt; 00:00:02,000</c>.</summary>
    /// <param name="line">The line.</param>
    /// <param name="start">The first of the two times.</param>
    /// <returns>Whether it is one, with an end that does not come before its start.</returns>
    public static bool TryParseTimeCode(ReadOnlySpan<char> line, out TimeSpan start)
    {
        start = default;
        var arrow = line.IndexOf(Arrow, StringComparison.Ordinal);
        return arrow >= 0
            && TryParseClock(line[..arrow].Trim(), out start)
            && TryParseClock(line[(arrow + Arrow.Length)..].Trim(), out var end)
            && end >= start;
    }

    /// <summary>Reads a date with a time: <c>2017.08.05 14:11:52,393,525</c> (milliseconds, microseconds).</summary>
    /// <param name="line">The line. What follows the microseconds does not count.</param>
    /// <param name="moment">The moment, in the drone's own zone, as time since year 1.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParseDate(ReadOnlySpan<char> line, out TimeSpan moment)
    {
        moment = default;
        Span<Range> parts = stackalloc Range[4];
        var count = line.Split(parts, ',');
        var clock = line[parts[0]].Trim();
        var hasCarry = clock.EndsWith(SixtySeconds, StringComparison.Ordinal);
        var isDate = DateTime.TryParseExact(
            hasCarry ? string.Concat(clock[..^SixtySeconds.Length], ":59") : clock,
            ["yyyy.M.d HH:mm:ss", "yyyy-M-d HH:mm:ss"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var date);
        var milliseconds = 0;
        var microseconds = 0;
        if (!isDate
            || (count > 1 && !TryParseDigits(line[parts[1]], 3, out milliseconds))
            || (count > 2 && !TryParseDigits(line[parts[2]], 3, out microseconds)))
        {
            return false;
        }

        moment = new TimeSpan(date.Ticks) + TimeSpan.FromSeconds(hasCarry ? 1 : 0) + TimeSpan.FromMilliseconds(milliseconds, microseconds);
        return true;
    }

    private static bool TryParseClock(ReadOnlySpan<char> text, out TimeSpan time)
    {
        time = default;
        var isClock = text.Length == 12 && text[2] == ':' && text[5] == ':' && (text[8] is ',' or '.');
        if (!isClock
            || !TryParseDigits(text[..2], 2, out var hours)
            || !TryParseDigits(text[3..5], 2, out var minutes)
            || !TryParseDigits(text[6..8], 2, out var seconds)
            || !TryParseDigits(text[9..], 3, out var milliseconds)
            || minutes > 60
            || seconds > 60)
        {
            return false;
        }

        time = new TimeSpan(0, hours, minutes, seconds, milliseconds);
        return true;
    }

    private static bool TryParseDigits(ReadOnlySpan<char> text, int length, out int number)
    {
        number = 0;
        return text.Length == length
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
