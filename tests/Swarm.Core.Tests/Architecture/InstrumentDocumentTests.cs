using System.Text.RegularExpressions;
using Xunit;

namespace Swarm.Core.Tests.Architecture;

/// <summary>What is measured, and src/INSTRUMENTS.md, are the same.</summary>
public sealed partial class InstrumentDocumentTests
{
    private static readonly Dictionary<string, string> _kinds = new()
    {
        ["Counter"] = "counter",
        ["Duration"] = "histogram",
        ["Gauge"] = "gauge",
        ["ObservedCounter"] = "counter",
        ["ObservedAmount"] = "amount",
        ["ObservedGauge"] = "gauge",
    };

    [Fact]
    public void Instruments_OfTheCode_AreThoseOfTheDocument()
    {
        var documented = new List<string>();
        var meter = "";
        foreach (var line in Repository.Read("src/INSTRUMENTS.md").Split('\n'))
        {
            meter = line.StartsWith("### `", StringComparison.Ordinal) ? line[5..^1] : line.StartsWith("## ", StringComparison.Ordinal) ? "" : meter;
            if (meter.Length > 0 && Row().Match(line) is { Success: true } row)
            {
                documented.Add($"{meter}: {row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value}, {row.Groups[4].Value}");
            }
        }

        var created = Repository.Files("*.cs", "src").SelectMany(CreatedIn).ToArray();
        Assert.True(created.Length > 40, $"only {created.Length} instruments were found");
        Assert.Equal(created.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    /// <summary>Instruments are made in one way, which the test above reads; and no meter is shared by a process.</summary>
    [Fact]
    public void Meters_OfTheCode_AreMadeByAreaMeterAlone() => Assert.Empty(Repository.Files("*.cs", "src")
        .Where(file => Path.GetFileName(file) != "AreaMeter.cs")
        .Where(file => Making().IsMatch(File.ReadAllText(file)))
        .Select(file => Path.GetRelativePath(Repository.Root, file)));

    [Fact]
    public void Meters_OfTheDocument_AreThoseToCollect() => Assert.Equal(
        SwarmInstruments.Meters.Order(StringComparer.Ordinal),
        Heading().Matches(Repository.Read("src/INSTRUMENTS.md")).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void Spans_OfTheCode_AreInTheDocument()
    {
        var document = Repository.Read("src/INSTRUMENTS.md");
        string[] spans = [.. Repository.Files("*.cs", "src").SelectMany(file => Span().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))];

        Assert.True(spans.Length > 5, $"only {spans.Length} spans were found");
        Assert.All(spans, span => Assert.Contains($"`{span}`", document, StringComparison.Ordinal));
    }

    private static IEnumerable<string> CreatedIn(string file)
    {
        var text = File.ReadAllText(file);
        if (AreaName().Match(text) is not { Success: true } area)
        {
            return [];
        }

        var meter = $"Swarm.{area.Groups[1].Value}";
        return Created().Matches(text).Select(match =>
        {
            var kind = match.Groups[1].Value;
            return $"{meter}: {match.Groups[2].Value} {_kinds[kind]} {(kind == "Duration" ? "s" : match.Groups[3].Value)}, {match.Groups[4].Value}";
        });
    }

    [GeneratedRegex(@"new AreaMeter\(SwarmInstruments\.(\w+),")]
    private static partial Regex AreaName();

    [GeneratedRegex(@"_meter\.(\w+)\(\s*""([\w.]+)"",\s*(?:""([^""]+)"",\s*)?""([^""]+)""")]
    private static partial Regex Created();

    [GeneratedRegex(@"new Meter\(|\.Create(?:Observable)?(?:Counter|UpDownCounter|Histogram|Gauge)\b")]
    private static partial Regex Making();

    [GeneratedRegex(@"^\| `([\w.]+)` \| (\w+) \| (\S+) \| [^|]* \| (.+) \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"(?:Trace\.Start|TracedAsync)\(\s*""(swarm\.[\w.]+)""")]
    private static partial Regex Span();

    [GeneratedRegex(@"^### `([\w.]+)`$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
