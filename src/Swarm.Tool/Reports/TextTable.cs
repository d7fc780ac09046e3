using System.Text.Json.Nodes;

namespace Swarm.Tool.Reports;

/// <summary>
/// A list of objects as lines no wider than a terminal. What does not fit is written below its line, whole and after its name: a cell is never broken.
/// </summary>
internal static class TextTable
{
    private const string Gap = "  ";
    private const string Below = "      ";
    private const string Key = "name";
    private const int MaxKeyChars = 40;

    /// <summary>Writes a list.</summary>
    /// <param name="rows">The objects. What none of them has is left out.</param>
    /// <param name="hidden">Names of fields that are left out where there is a name to look the object up by.</param>
    /// <param name="width">Characters of a line.</param>
    /// <param name="output">Where to.</param>
    public static void Write(IReadOnlyList<JsonObject> rows, IReadOnlyCollection<string> hidden, int width, TextWriter output)
    {
        var fields = rows.SelectMany(row => row.Select(field => field.Key)).Distinct()
            .Where(field => rows.Any(row => Cell(row, field).Length > 0)).ToList();
        var below = fields.FindAll(field => hidden.Contains(field) || field is "problem" or "loss" or "cost");
        var columns = fields.FindAll(field => !below.Contains(field));
        while (columns.Count > 1 && columns.Sum(column => WidthOf(column) + Gap.Length) > width)
        {
            var widest = columns.Where(column => column != Key).MaxBy(WidthOf)!;
            columns.Remove(widest);
            below.Add(widest);
        }

        if (columns.Count > 0)
        {
            output.WriteLine(Line(Words.Label));
        }

        foreach (var row in rows)
        {
            var isNamed = Cell(row, Key).Length > 0;
            var line = Line(column => column == Key ? Short(Cell(row, column)) : Cell(row, column));
            output.WriteLine(line.Length > 0 ? line : $"{Gap}(not readable)");
            foreach (var field in fields.Where(field => below.Contains(field) || Cell(row, field).Length > WidthOf(field)))
            {
                if (Cell(row, field) is { Length: > 0 } text && !(isNamed && hidden.Contains(field)))
                {
                    output.WriteLine($"{Below}{Words.Label(field)}: {text}");
                }
            }
        }

        int WidthOf(string column) => rows.Select(row => Cell(row, column).Length)
            .Select(length => column == Key ? Math.Min(length, MaxKeyChars) : length).Append(Words.Label(column).Length).Max();

        string Line(Func<string, string> text) => (Gap + string.Join(Gap, columns.Select(column =>
            IsNumber(column) ? text(column).PadLeft(WidthOf(column)) : text(column).PadRight(WidthOf(column))))).TrimEnd();

        bool IsNumber(string column) => rows.All(row => Cell(row, column).All(char.IsAsciiDigit));
    }

    private static string Cell(JsonObject row, string field) => Words.Text(row[field]);

    private static string Short(string text) => text.Length <= MaxKeyChars ? text : $"{text[..(MaxKeyChars - 1)]}…";
}
