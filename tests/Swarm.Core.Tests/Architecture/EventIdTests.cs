using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Swarm.Core.Tests.Architecture;

/// <summary>Log events have ids and names of their own, which src/EVENTS.md pins.</summary>
public sealed partial class EventIdTests
{
    private static readonly Dictionary<string, (int First, int Last)> _ranges = new()
    {
        ["Storage"] = (1, 999),
        ["DataPlane"] = (2000, 2099),
        ["Client"] = (3000, 3099),
        ["Grains"] = (4000, 4099),
        ["Clustering"] = (4100, 4199),
        ["Host"] = (4200, 4299),
        ["Silo"] = (4300, 4399),
        ["LlamaCpp"] = (4400, 4499),
    };

    private readonly record struct Event(int Id, string Name, string Level, string Method);

    [Fact]
    public void Events_OfTheCode_AreThoseOfTheDocument() => Assert.Equal(
        Events().OrderBy(item => item.Id).Select(item => $"| {item.Id} | `{item.Name}` | {item.Level} |"),
        Repository.Read("src/EVENTS.md").Split('\n').Where(line => Row().IsMatch(line)));

    [Fact]
    public void Events_OfTheCode_HaveIdsAndNamesOfTheirOwn()
    {
        var events = Events();

        Assert.True(events.Count > 100, $"only {events.Count} events were found");
        Assert.Empty(events.GroupBy(item => item.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group)}"));
        Assert.Empty(events.GroupBy(item => item.Name).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group)}"));
    }

    [Fact]
    public void Events_OfTheCode_AreInTheRangeOfTheirArea() => Assert.All(Events(), item =>
    {
        var area = item.Name.Split('.')[0];
        Assert.True(_ranges.TryGetValue(area, out var range), $"{item.Name} is of no area: {string.Join(", ", _ranges.Keys)}");
        Assert.True(item.Id >= range.First && item.Id <= range.Last, $"{item.Name} has id {item.Id}, outside {range.First} to {range.Last}");
        Assert.Equal($"{area}.{item.Method}", item.Name);
    });

    [Fact]
    public void Ranges_OfTheDocument_AreThoseOfTheTest() => Assert.Equal(
        _ranges.Select(range => $"| {range.Value.First} to {range.Value.Last} | `{range.Key}.` "),
        RangeRow().Matches(Repository.Read("src/INSTRUMENTS.md")).Select(match => match.Value));

    private static List<Event> Events()
    {
        var found = new List<Event>();
        foreach (var file in Repository.Files("*.cs", "src", "simulations"))
        {
            var text = File.ReadAllText(file);
            var matches = Message().Matches(text);
            Assert.True(matches.Count == Attribute().Count(text), $"{file}: each LoggerMessage names its id, its level, its text and its EventName, in this order.");
            found.AddRange(matches.Select(match => new Event(
                int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture),
                match.Groups[3].Value,
                match.Groups[2].Value.ToLowerInvariant(),
                match.Groups[4].Value)));
        }

        return found;
    }

    [GeneratedRegex(@"\[LoggerMessage\b")]
    private static partial Regex Attribute();

    [GeneratedRegex(
        @"\[LoggerMessage\(\s*(\d+),\s*LogLevel\.(\w+),\s*(?:(?:\+ )?""(?:\\.|[^""\\])*""\s*)+,\s*EventName = ""([\w.]+)""\)\]\s*public static partial void (\w+)\(")]
    private static partial Regex Message();

    [GeneratedRegex(@"^\| \d+ \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| \d+ to \d+ \| `\w+\.` ", RegexOptions.Multiline)]
    private static partial Regex RangeRow();
}
