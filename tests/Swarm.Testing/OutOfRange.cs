using System.Globalization;
using System.Reflection;
using Swarm.Core.Settings;

namespace Swarm.Testing;

/// <summary>Values that settings must refuse, made from what their attributes allow.</summary>
public static class OutOfRange
{
    /// <summary>Every setting of an options class with each value just outside of its range, and with paths that are none.</summary>
    /// <param name="options">The class.</param>
    /// <returns>The properties, with the values.</returns>
    public static IEnumerable<(PropertyInfo Property, object Value)> Of(Type options)
    {
        foreach (var property in options.GetProperties())
        {
            if (property.GetCustomAttribute<SettingAttribute>() is not { } setting)
            {
                continue;
            }

            if (property.PropertyType == typeof(string))
            {
                if (setting.IsFolder)
                {
                    yield return (property, "~/folder");
                    yield return (property, "   ");
                }

                if (setting.OneOf is not null)
                {
                    yield return (property, "neither");
                }
            }
            else if (property.PropertyType != typeof(bool))
            {
                foreach (var value in Numbers(property, setting))
                {
                    yield return (property, value);
                }
            }
        }
    }

    private static IEnumerable<object> Numbers(PropertyInfo property, SettingAttribute setting)
    {
        yield return Value(property, (setting.Min is { } min ? Number(property, min) : 0) - 1);
        if (setting.Max is { } max && Number(property, max) is var most && (property.PropertyType != typeof(int) || most < int.MaxValue))
        {
            yield return Value(property, most + 1);
        }
    }

    private static object Value(PropertyInfo property, long number) => property.PropertyType switch
    {
        var type when type == typeof(TimeSpan) => TimeSpan.FromTicks(number),
        var type when type == typeof(int) => (int)number,
        _ => number,
    };

    private static long Number(PropertyInfo property, string text)
    {
        if (property.PropertyType == typeof(TimeSpan))
        {
            return Duration.TryParse(text, out var time) ? time.Ticks : throw new FormatException(text);
        }

        return ByteSize.TryParse(text, out var bytes) ? bytes : long.Parse(text, CultureInfo.InvariantCulture);
    }
}
