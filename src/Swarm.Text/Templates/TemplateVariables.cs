using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Swarm.Text.Templates;

/// <summary>What a caller gives a template, as its values. All text in it is marked: it is no trusted text.</summary>
internal static class TemplateVariables
{
    /// <summary>A conversation.</summary>
    public static List<object?> Of(IReadOnlyList<ChatTurn> turns)
    {
        var messages = new List<object?>(turns.Count);
        foreach (var turn in turns)
        {
            ArgumentNullException.ThrowIfNull(turn, nameof(turns));
            var message = new TemplateMap();
            message.Set(MarkedText.Trusted("role"), MarkedText.Untrusted(turn.Role));
            message.Set(MarkedText.Trusted("content"), MarkedText.Untrusted(turn.Content));
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>A value of any kind that JSON has.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="depth">How deep it is nested.</param>
    /// <exception cref="ArgumentException">It is of another kind, or nested too deep.</exception>
    public static object? Of(object? value, string name, int depth = 0)
    {
        if (depth > TemplateLimits.MaxDepth)
        {
            throw new ArgumentException($"The variable '{name}' is nested deeper than {TemplateLimits.MaxDepth} levels, which is not supported.", nameof(value));
        }

        switch (value)
        {
            case null or bool or long or double:
                return value;
            case string text:
                return MarkedText.Untrusted(text);
            case sbyte or byte or short or ushort or int or uint:
                return Convert.ToInt64(value, CultureInfo.InvariantCulture);
            case float or decimal:
                return Convert.ToDouble(value, CultureInfo.InvariantCulture);
            case JsonElement element:
                return OfJson(element, name, depth);
            case IEnumerable<KeyValuePair<string, object?>> fields:
                return OfFields(fields.Select(field => (field.Key, field.Value)), name, depth);
            case IEnumerable items:
                return items.Cast<object?>().Select(item => Of(item, name, depth + 1)).ToList();
            default:
                throw new ArgumentException(
                    $"The variable '{name}' has a {value.GetType()}; texts, numbers, booleans, lists, dictionaries by text, JsonElement and null are supported.",
                    nameof(value));
        }
    }

    private static TemplateMap OfFields(IEnumerable<(string Name, object? Value)> fields, string name, int depth)
    {
        var map = new TemplateMap();
        foreach (var (key, value) in fields)
        {
            map.Set(MarkedText.Untrusted(key), Of(value, name, depth + 1));
        }

        return map;
    }

    private static object? OfJson(JsonElement element, string name, int depth) => element.ValueKind switch
    {
        JsonValueKind.Object => OfFields(element.EnumerateObject().Select(field => (field.Name, (object?)field.Value)), name, depth),
        JsonValueKind.Array => element.EnumerateArray().Select(item => OfJson(item, name, depth + 1)).ToList(),
        JsonValueKind.String => MarkedText.Untrusted(element.GetString()!),
        JsonValueKind.Number => element.TryGetInt64(out var number) ? (object)number : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };
}
