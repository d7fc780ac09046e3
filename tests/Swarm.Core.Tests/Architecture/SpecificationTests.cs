using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Swarm.Core.Tests.Architecture;

/// <summary>What the code cites is specified, and what the documents name is in the tree.</summary>
public sealed partial class SpecificationTests
{
    private static readonly string[] _folders = ["src", "tests", "simulations", "deploy"];

    [Fact]
    public void Rules_CitedInTheTree_AreInTheProtocol() => AssertAreSpecified(RuleCitation(), RuleHeading(), "src/Swarm.Storage/PROTOCOL.md");

    [Fact]
    public void Promises_CitedInTheTree_AreSpecified() => AssertAreSpecified(PromiseCitation(), PromiseHeading(), "src/PROMISES.md");

    /// <summary>A rule that a test can take away is one that the protocol names.</summary>
    [Fact]
    public void TestFlavours_OfTheRules_AreInTheProtocol()
    {
        var named = CodeWord().Matches(Repository.Read("src/Swarm.Storage/PROTOCOL.md")).Select(match => match.Groups[1].Value).ToHashSet();
        string[] switches =
        [
            .. new[] { "src/Swarm.Storage/ProtocolRules.cs", "src/Swarm.Storage/SameStoreRules.cs" }
                .SelectMany(file => SwitchProperty().Matches(Repository.Read(file)).Select(match => match.Groups[1].Value)),
        ];

        Assert.NotEmpty(switches);
        Assert.Empty(switches.Except(named));
    }

    /// <summary>Links between documents, and files that tables of contents name, exist.</summary>
    [Fact]
    public void Documents_LinksToFiles_Exist()
    {
        var missing = new List<string>();
        var count = 0;
        foreach (var file in Repository.Files("*.md", [.. _folders, "."]))
        {
            foreach (var target in Link().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value.Split('#')[0]))
            {
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal))
                {
                    continue;
                }

                count++;
                var path = Path.Combine(Path.GetDirectoryName(file)!, target);
                if (!File.Exists(path) && !Directory.Exists(path))
                {
                    missing.Add($"{file}: {target}");
                }
            }
        }

        Assert.True(count > 10, $"only {count} links were found");
        Assert.Empty(missing);
    }

    /// <summary>Source files that documents name in code quotes, as `Folder/File.cs` or `File.cs`, exist.</summary>
    [Fact]
    public void Documents_SourceFilesNamed_Exist()
    {
        var all = Repository.Files("*.cs", _folders).Select(file => file.Replace('\\', '/')).ToArray();
        var missing = Repository.Files("*.md", [.. _folders, "."])
            .Where(file => Path.GetFileName(file) != "CHANGELOG.md")
            .SelectMany(file => SourceFile().Matches(File.ReadAllText(file)).Select(match => (file, name: match.Groups[1].Value)))
            .Where(item => !item.name.StartsWith("my-agent/", StringComparison.Ordinal) // What a reader of README makes.
                && !item.name.Contains('*', StringComparison.Ordinal)
                && !all.Any(path => path.EndsWith($"/{item.name}", StringComparison.Ordinal)))
            .Select(item => $"{item.file}: {item.name}");

        Assert.Empty(missing);
    }

    private static void AssertAreSpecified(Regex citation, Regex heading, string specification)
    {
        var specified = heading.Matches(Repository.Read(specification))
            .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToHashSet();
        var cited = Repository.Files("*.cs", _folders).Concat(Repository.Files("*.md", _folders))
            .SelectMany(file => citation.Matches(File.ReadAllText(file)).SelectMany(match => Numbers(match.Groups[1].Value)).Select(number => (file, number)))
            .ToArray();

        Assert.True(cited.Length > 30, $"only {cited.Length} citations were found");
        Assert.Equal(Enumerable.Range(1, specified.Count), specified.Order());
        Assert.Empty(cited.Where(item => !specified.Contains(item.number)).Select(item => $"{item.file} cites {item.number}, which {specification} does not have"));
    }

    /// <summary>"1 to 4, 6 and 9" as numbers.</summary>
    private static IEnumerable<int> Numbers(string text)
    {
        foreach (var part in text.Split([",", " and "], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int[] ends = [.. part.Split(" to ").Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
            for (var number = ends[0]; number <= ends[^1]; number++)
            {
                yield return number;
            }
        }
    }

    [GeneratedRegex(@"\brules? (\d+(?:(?:, | and | to )\d+)*)", RegexOptions.IgnoreCase)]
    private static partial Regex RuleCitation();

    [GeneratedRegex(@"\bpromises? (\d+(?:(?:, | and | to )\d+)*)", RegexOptions.IgnoreCase)]
    private static partial Regex PromiseCitation();

    [GeneratedRegex(@"^\*\*Rule (\d+)\. ", RegexOptions.Multiline)]
    private static partial Regex RuleHeading();

    [GeneratedRegex(@"^\*\*(\d+)\. ", RegexOptions.Multiline)]
    private static partial Regex PromiseHeading();

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex CodeWord();

    [GeneratedRegex(@"public Rule (\w+) \{ get; init; \}")]
    private static partial Regex SwitchProperty();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([\w./*-]+\.cs)`")]
    private static partial Regex SourceFile();
}
