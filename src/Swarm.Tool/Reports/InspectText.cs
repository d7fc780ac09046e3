using System.Text.Json.Nodes;
using Spectre.Console;

namespace Swarm.Tool.Reports;

/// <summary>An object for people: its values a line each, lists of objects as tables.</summary>
internal static class InspectText
{
    private const string Indent = "  ";

    /// <summary>Writes an object.</summary>
    public static void Write(JsonObject content, TextWriter output) => Write(content, TextConsole.Create(output), "");

    private static void Write(JsonObject content, IAnsiConsole console, string indent)
    {
        foreach (var (name, value) in content)
        {
            switch (value)
            {
                case JsonObject inner:
                    console.WriteLine($"{indent}{name}:");
                    Write(inner, console, indent + Indent);
                    break;
                case JsonArray { Count: > 0 } items when items.All(item => item is JsonObject):
                    console.WriteLine($"{indent}{name}: {items.Count}");
                    WriteTable(items, console);
                    break;
                case JsonArray { Count: > 0 } items when items.All(item => item is null or JsonValue):
                    console.WriteLine($"{indent}{name}:");
                    foreach (var item in items)
                    {
                        console.WriteLine($"{indent}{Indent}{Text(item)}");
                    }

                    break;
                default:
                    console.WriteLine($"{indent}{name}: {Text(value)}");
                    break;
            }
        }
    }

    private static void WriteTable(JsonArray items, IAnsiConsole console)
    {
        var columns = items.OfType<JsonObject>().SelectMany(item => item.Select(field => field.Key)).Distinct().ToArray();
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        }

        foreach (var item in items.OfType<JsonObject>())
        {
            table.AddRow([.. columns.Select(column => Markup.Escape(Text(item[column])))]);
        }

        console.Write(table);
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "",
        JsonValue text when text.TryGetValue<string>(out var known) => known,
        _ => value.ToJsonString(),
    };
}
