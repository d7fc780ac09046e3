using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Swarm.Core.Settings;
using Swarm.Host.Settings;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>The files in <c>deploy/</c>: their settings exist, their memory adds up, and the image is built from what it needs.</summary>
public sealed partial class DeploymentTests
{
    /// <summary>Code, stacks, sockets and native memory between two uses, beside the memory tier and the GC heap.</summary>
    private const long RestBytes = 768L << 20;

    [Theory]
    [InlineData("deploy/container/compose.yaml")]
    [InlineData("deploy/kubernetes/swarm-silo.yaml")]
    public void Environment_EverySettingWithAValue_CanBeRead(string file)
    {
        var known = BoundSetting.Of(new HostSettings()).ToDictionary(setting => setting.Path);
        var read = 0;
        foreach (Match match in EnvironmentValue().Matches(File.ReadAllText(Deployment.Path(file))))
        {
            if (known.TryGetValue(match.Groups["name"].Value.Replace("__", ":", StringComparison.Ordinal), out var setting))
            {
                Assert.Null(setting.Definition.TrySet(setting.Options, match.Groups["value"].Value.Trim('"'), setting.Path));
                read++;
            }
        }

        Assert.InRange(read, 4, int.MaxValue);
    }

    [Fact]
    public void SystemdSettings_AsTheyAre_HaveNoFault()
    {
        List<string> faults = [];

        SettingsReader.Read(new ConfigurationBuilder().AddJsonFile(Deployment.Path("deploy/systemd/swarm.json")).Build(), faults);

        Assert.Empty(faults);
    }

    [Fact]
    public void MemoryLimits_TierHeapAndTheRest_FitIntoThem()
    {
        var image = Heap("deploy/container/Dockerfile");

        AssertFits(Tier("deploy/kubernetes/swarm-silo.yaml"), image, Number("deploy/kubernetes/swarm-silo.yaml", @"limits:\s+(?:#.*\s+)*memory: (\S+)"));
        AssertFits(Tier("deploy/container/compose.yaml"), image, Number("deploy/container/compose.yaml", @"mem_limit: (\S+)"));
        AssertFits(
            ByteSizeOf(JsonDocument.Parse(Read("deploy/systemd/swarm.json")).RootElement
                .GetProperty("Swarm").GetProperty("Tiers").GetProperty("MemoryTierBytes").GetString()!),
            Heap("deploy/systemd/swarm-silo.service"),
            Number("deploy/systemd/swarm-silo.service", @"MemoryMax=(\S+)"));
    }

    [Fact]
    public void DockerIgnore_BuildContext_IsWhatTheDockerfileCopiesAndNoOutputs()
    {
        var copied = Regex.Matches(Read("deploy/container/Dockerfile"), @"^COPY (?!--from)(.+) \S+$", RegexOptions.Multiline)
            .SelectMany(match => match.Groups[1].Value.Split(' '))
            .Select(source => source.TrimEnd('/'))
            .ToArray();
        var rules = File.ReadLines(Deployment.Path(".dockerignore")).Where(line => line.Length > 0 && line[0] != '#').ToArray();

        Assert.Equal("*", rules[0]);
        Assert.Equal(copied.Order(StringComparer.Ordinal), rules.Where(rule => rule[0] == '!').Select(rule => rule[1..]).Order(StringComparer.Ordinal));
        Assert.All(copied, source => Assert.True(Path.Exists(Deployment.Path(source)), $"{source} is copied into the image and is not there."));
        var last = Array.FindLastIndex(rules, rule => rule[0] == '!');
        Assert.Empty(new[] { "**/bin", "**/obj" }.Except(rules[(last + 1)..])); // Of rules that fit, the last one counts.
    }

    private static void AssertFits(long tier, long heap, long limit) => Assert.InRange(tier + heap + RestBytes, tier, limit);

    private static long Tier(string file) => Number(file, @"Swarm__Tiers__MemoryTierBytes(?::|\s+value:) (\S+)");

    private static long Heap(string file) => long.Parse(
        Regex.Match(Read(file), "DOTNET_GCHeapHardLimit=([0-9A-F]+)").Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static long Number(string file, string pattern) => ByteSizeOf(Regex.Match(Read(file), pattern).Groups[1].Value);

    // Docker and systemd write 3g and 3G for GiB.
    private static long ByteSizeOf(string text)
    {
        Assert.True(ByteSize.TryParse(Regex.Replace(text, "(?<=[0-9])[gG]$", "GiB"), out var bytes), $"'{text}' is no size.");
        return bytes;
    }

    private static string Read(string file) => File.ReadAllText(Deployment.Path(file));

    [GeneratedRegex(@"(?<name>Swarm__\w+)(?::|\s+value:) (?<value>[^\s$>]+)")]
    private static partial Regex EnvironmentValue();
}
