using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Swarm.Tool.Reports;

/// <summary>Values and their names as people read them.</summary>
internal static class Words
{
    /// <summary>A number with its noun in the right form, and with separators.</summary>
    /// <param name="count">The number.</param>
    /// <param name="one">The noun for one.</param>
    /// <param name="many">The noun for any other number; by default, with an <c>s</c> behind.</param>
    public static string Count(long count, string one, string? many = null) =>
        $"{Number(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>A number with separators.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The name of a field of the JSON report, in words.</summary>
    public static string Label(string field) => field switch
    {
        "tokens" => "positions",
        "kv" => "KV",
        "incarnationId" => "incarnation",
        "isReadOnly" => "read-only",
        "isSeal" => "is a seal",
        "isSealed" => "ends at a seal",
        "tails" => "log behind the root",
        "tail" => "log goes on at",
        _ => Split(field),
    };

    /// <summary>A value on one line; empty for what is not there.</summary>
    public static string Text(JsonNode? value) => value switch
    {
        null => "",
        JsonArray { Count: 0 } => "",
        JsonValue text when text.TryGetValue<string>(out var known) => Printable(known),
        JsonValue flag when flag.TryGetValue<bool>(out var known) => known ? "yes" : "no",
        _ => Printable(value.ToJsonString()),
    };

    // 'blockTokens' is 'block tokens'.
    private static string Split(string field)
    {
        var words = new StringBuilder();
        foreach (var letter in field)
        {
            words.Append(char.IsAsciiLetterUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{letter}");
        }

        return words.ToString();
    }

    // What a damaged object says may not steer the terminal.
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter)) : text;
}
