using System.Text.Json.Nodes;
using Swarm.Tool.Reports;
using Xunit;

namespace Swarm.Tool.Tests.Reports;

/// <summary>Tables no wider than a terminal: what is long is whole below its line, and nothing is lost or broken.</summary>
public sealed class TextTableTests
{
    private const int Width = 80;

    [Fact]
    public void Write_LongValues_AreWholeBelowTheirLine()
    {
        var (name, holder, problem) = (new string('n', 90), new string('h', 60), new string('p', 600));
        JsonObject[] rows =
        [
            new JsonObject { ["tenant"] = "t", ["name"] = "short", ["holder"] = "drone-a", ["tokens"] = 7 },
            new JsonObject { ["tenant"] = "t", ["name"] = name, ["holder"] = holder, ["tokens"] = 1234, ["problem"] = problem },
        ];
        var text = new StringWriter();

        TextTable.Write(rows, [], Width, text);

        var lines = text.ToString().TrimEnd().Split(Environment.NewLine);
        Assert.All(lines.Where(line => !line.StartsWith("      ", StringComparison.Ordinal)), line => Assert.True(line.Length <= Width, line));
        Assert.Equal(["tenant", "name", "positions"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["t", "short", "7"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("      holder: drone-a", lines[2]);
        Assert.Equal([$"      name: {name}", $"      holder: {holder}", $"      problem: {problem}"], lines[4..]);
    }

    [Fact]
    public void Text_OfADamagedObject_SteersNoTerminal() => Assert.Equal("a?[2Jb", Words.Text("a\u001b[2Jb"));
}
