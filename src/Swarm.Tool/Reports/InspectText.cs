using System.Text.Json.Nodes;

namespace Swarm.Tool.Reports;

/// <summary>An object for people: its values a line each, lists of objects as tables. What is empty is left out.</summary>
internal static class InspectText
{
    private const string Contexts = "contexts";
    private const string Indent = "  ";

    // Of a context, two names of objects as long as a line: 'inspect context' shows them.
    private static readonly string[] _hidden = ["root", "tail"];

    /// <summary>Writes an object.</summary>
    /// <param name="content">The object.</param>
    /// <param name="output">Where to.</param>
    /// <param name="width">Characters of a line of a table.</param>
    public static void Write(JsonObject content, TextWriter output, int width) => Write(content, output, width, "");

    private static void Write(JsonObject content, TextWriter output, int width, string indent)
    {
        foreach (var (name, value) in content)
        {
            switch (value)
            {
                case JsonObject inner:
                    output.WriteLine($"{indent}{Words.Label(name)}:");
                    Write(inner, output, width, indent + Indent);
                    break;
                case JsonArray { Count: > 0 } items when items.All(item => item is JsonObject):
                    WriteList(name, [.. items.OfType<JsonObject>()], output, width, indent);
                    break;
                case JsonArray { Count: > 0 } items when items.All(item => item is null or JsonValue):
                    output.WriteLine($"{indent}{Words.Label(name)}:");
                    foreach (var item in items)
                    {
                        output.WriteLine($"{indent}{Indent}{Words.Text(item)}");
                    }

                    break;
                case JsonArray { Count: 0 } when name == Contexts:
                    output.WriteLine("contexts: none");
                    break;
                default:
                    if (Words.Text(value) is { Length: > 0 } text)
                    {
                        output.WriteLine($"{indent}{Words.Label(name)}: {text}");
                    }

                    break;
            }
        }
    }

    private static void WriteList(string name, IReadOnlyList<JsonObject> rows, TextWriter output, int width, string indent)
    {
        output.WriteLine($"{indent}{Words.Label(name)}: {rows.Count}");
        TextTable.Write(rows, name == Contexts ? _hidden : [], width, output);
        if (name == Contexts)
        {
            output.WriteLine("Roots and logs: swarm inspect context <tenant>/<name>, or --json.");
        }
    }
}
