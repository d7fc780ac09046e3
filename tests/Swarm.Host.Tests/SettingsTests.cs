using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Core.Settings;
using Swarm.Host.Settings;
using Swarm.Host.Startup;
using Swarm.Silo;
using Swarm.Testing;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>Every setting has one source: what help says, what is read, and what is allowed are the same.</summary>
public sealed class SettingsTests
{
    private static IReadOnlyList<BoundSetting> All => BoundSetting.Of(new HostSettings());

    [Fact]
    public void Settings_EveryOptionsClassOfTheHost_IsBoundWithAllItsProperties()
    {
        var settings = new HostSettings();
        var classes = typeof(HostSettings).GetProperties()
            .Where(property => property.Name is not (nameof(HostSettings.Tenants) or nameof(HostSettings.Bound)))
            .Select(property => property.PropertyType)
            .ToArray();

        Assert.Equal(classes, settings.Bound.Select(bound => bound.Options.GetType()));
        foreach (var property in classes.SelectMany(type => type.GetProperties()).Where(property => property.SetMethod is { IsPublic: true }))
        {
            Assert.True(
                property.GetCustomAttribute<SettingAttribute>() is { Text.Length: > 10 },
                $"{property.DeclaringType}.{property.Name} needs a [Setting] with a text: without, it is neither read nor in --help.");
        }

        Assert.Equal(All.Count, All.Select(setting => setting.Path).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Help_EverySetting_IsThereWithDefaultAndRange()
    {
        var help = HostArguments.Help;

        foreach (var setting in All)
        {
            var standard = setting.Definition.Show(setting.Options) is { Length: > 0 } value ? value : "none";
            var range = setting.Definition.Range is { Length: > 0 } allowed ? $"; {allowed})" : ")";
            Assert.Contains($"  {setting.Path}  (default {standard}{range}\n", help, StringComparison.Ordinal);
        }

        Assert.Contains("Swarm:Tiers:MemoryTierBytes  (default 1GiB; 0B or more)", help, StringComparison.Ordinal);
        Assert.Contains("Swarm:Cluster:ProbeTimeout  (default 1.1s; 100ms to 1m)", help, StringComparison.Ordinal);
        Assert.Contains("Swarm:Tenants:NAME", help, StringComparison.Ordinal);
        Assert.All(help.Split('\n'), line => Assert.InRange(line.Length, 0, 125));
    }

    [Theory]
    [InlineData(1.1, 3, 4.4)]
    [InlineData(0.1, 1, 2)]
    [InlineData(10, 5, 60)]
    public void CallTimeout_IsTheTimeInWhichASiloIsDeclaredDead(double probeTimeout, int missedProbes, double seconds)
    {
        var settings = new HostSettings();
        settings.Cluster.ProbeTimeout = TimeSpan.FromSeconds(probeTimeout);
        settings.Cluster.MissedProbes = missedProbes;
        using var silo = new HostBuilder()
            .ConfigureServices(services => services.AddSingleton(new SwarmSiloOptions()))
            .UseOrleans(builder => Composition.ConfigureSilo(builder, settings, new Addresses(IPAddress.Loopback, IPAddress.Loopback), 0))
            .Build();

        var messaging = silo.Services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value;

        Assert.Equal(TimeSpan.FromSeconds(seconds), messaging.ResponseTimeout);
        Assert.Equal(TimeSpan.FromSeconds(seconds), messaging.SystemResponseTimeout);
    }

    [Fact]
    public void Read_EveryDefaultAsHelpShowsIt_IsReadBackWithoutFault()
    {
        var given = All.ToDictionary(setting => setting.Path, setting => (string?)setting.Definition.Show(setting.Options));

        var read = Read(given, out var faults);

        Assert.Empty(faults);
        Assert.Equal(given, BoundSetting.Of(read).ToDictionary(setting => setting.Path, setting => (string?)setting.Definition.Show(setting.Options)));
    }

    [Fact]
    public void Read_EverySizeAndTime_TakesUnitsAndNamesWhatHasNone()
    {
        foreach (var setting in All.Where(setting => setting.Definition.Kind is SettingKind.Size or SettingKind.Time))
        {
            Read(new() { [setting.Path] = "1parsec" }, out var faults);

            var fault = Assert.Single(faults);
            Assert.StartsWith($"{setting.Path} is '1parsec'; ", fault, StringComparison.Ordinal);
            Assert.Contains(setting.Definition.Kind == SettingKind.Size ? "1.5GiB" : "500ms", fault, StringComparison.Ordinal);
        }

        var read = Read(
            new()
            {
                ["Swarm:Tiers:MemoryTierBytes"] = "1GB",
                ["swarm:log:segmentbytes"] = "2 MiB",
                ["Swarm:Log:FlushInterval"] = "00:00:00.050",
                ["Swarm:Cluster:AlivePeriod"] = "2s",
                ["Swarm:Contexts:IdleAge"] = "1h",
                ["Swarm:DataPlane:StallTimeout"] = "500ms",
            },
            out var none);

        Assert.Empty(none);
        Assert.Equal((1_000_000_000, 2 << 20), (read.Storage.MemoryTierBytes, read.Storage.SegmentBytes));
        Assert.Equal(TimeSpan.FromMilliseconds(50), read.Storage.FlushInterval);
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromHours(1)), (read.Cluster.AlivePeriod, read.Contexts.IdleAge));
        Assert.Equal(TimeSpan.FromMilliseconds(500), read.DataPlane.StallTimeout);
    }

    [Fact]
    public void Read_EverySettingJustOutOfItsRange_IsNamedWithItsPathLimitAndRemedy()
    {
        foreach (var bound in new HostSettings().Bound)
        {
            var paths = BoundSetting.Of(bound.Section, bound.Options).ToDictionary(setting => setting.Definition.Name, setting => setting.Path);
            foreach (var (property, value) in OutOfRange.Of(bound.Options.GetType()))
            {
                // Nobody can write a negative number of bytes or a negative time: such texts are refused as none.
                var text = value is TimeSpan time ? time.ToString("c", CultureInfo.InvariantCulture) : Convert.ToString(value, CultureInfo.InvariantCulture);
                Read(new() { [paths[property.Name]] = text }, out var faults);

                Assert.Contains(faults, fault => fault.StartsWith(paths[property.Name], StringComparison.Ordinal)
                    && Regex.IsMatch(fault, "(is allowed|is needed): set it|The path |is needed, "));
            }
        }
    }

    [Fact]
    public void Read_FaultsOfSeveralSections_AreAllNamedAtOnce()
    {
        Read(
            new()
            {
                ["Swarm:Store:Kind"] = "azure",
                ["Swarm:Cluster:ClusterId"] = "Not Allowed",
                ["Swarm:Endpoints:Http"] = "7400",
                ["Swarm:DataPlane:IngestBytes"] = "64KiB",
                ["Swarm:Contexts:SessionLinger"] = "1s",
                ["Swarm:Tiers:DiskTierPath"] = "~/tier",
                ["Swarm:Log:FlushInterval"] = "1h",
            },
            out var faults);

        string[] expected =
        [
            "Swarm:Store:ConnectionString is empty", "Swarm:Cluster:ClusterId is 'Not Allowed'", "Swarm:Endpoints:Gateway and Swarm:Endpoints:Http are both 7400",
            "Swarm:DataPlane:IngestBytes is 64KiB", "Swarm:Contexts:SessionCheckPeriod is 15s", "Swarm:Tiers:DiskTierPath: The path '~/tier'",
            "Swarm:Log:FlushInterval is 1h",
        ];
        Assert.All(expected, start => Assert.Single(faults, fault => fault.StartsWith(start, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, faults.Count);
    }

    [Theory]
    [InlineData("Swarm:Endpoints:Adress", "is Swarm:Endpoints:Address meant?")]
    [InlineData("Swarm:Sto:Path", "is Swarm:Store:Path meant?")]
    [InlineData("Swarm:Log:MemoryTierBytes", "is Swarm:Tiers:MemoryTierBytes meant?")]
    [InlineData("Swarm:Tiers:MemoryTier", "is Swarm:Tiers:MemoryTierBytes meant?")]
    [InlineData("Swarm:Tenant:acme", "is Swarm:Tenants:acme meant?")]
    [InlineData("Swarm:Cluster:Colour", "--help lists all")]
    [InlineData("Swarm:Store:Path:Folder", "--help lists all")]
    [InlineData("Swarm:Store", "--help lists all")]
    [InlineData("Logging:LogLevels:Orleans", "is not a setting; there are LogLevel and Console.")]
    [InlineData("Logging:Consol:FormatterName", "is not a setting; there are LogLevel and Console.")]
    [InlineData("Logging:EventLog:LogLevel", "is not a setting; there are LogLevel and Console.")]
    [InlineData("Logging:LogLevel:Default", "one of Trace, Debug, Information")]
    [InlineData("Logging:Console:FormatterName", "line, simple, json or systemd is needed")]
    [InlineData("Logging:Console:Formatter", "is not a setting; there are LogLevel, FormatterName")]
    [InlineData("Logging:Console:FormatterOptions:SingleLines", "SingleLines")]
    [InlineData("Logging:Console:FormatterOptions:UseUtcTimestamp", "UseUtcTimestamp")]
    [InlineData("Logging:Console:FormatterOptions:TimestampFormat", "TimestampFormat is '%'")]
    public void Read_NameOrValueThatDoesNotExist_IsNamedWithWhatMayBeMeant(string path, string remedy)
    {
        Read(new() { [path] = "%" }, out var faults);

        var fault = Assert.Single(faults);
        Assert.Contains(path[..path.LastIndexOf(':')], fault, StringComparison.Ordinal);
        Assert.Contains(remedy, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Documents_EverySettingThatTheyName_Exists()
    {
        var known = All.Select(setting => setting.Path).ToHashSet(StringComparer.Ordinal);
        var sections = All.Select(setting => setting.Path[..setting.Path.LastIndexOf(':')]).Append("Swarm:Tenants").ToHashSet();
        var named = 0;
        foreach (var file in Deployment.TextFiles())
        {
            foreach (Match match in Regex.Matches(File.ReadAllText(file), "Swarm(:|__)[A-Z][A-Za-z]+((:|__)[A-Za-z]+)?"))
            {
                var path = match.Value.Replace("__", ":", StringComparison.Ordinal);
                Assert.True(
                    known.Contains(path) || sections.Contains(path) || path.StartsWith("Swarm:Tenants:", StringComparison.Ordinal),
                    $"{file} names {match.Value}, which is not a setting.");
                named++;
            }
        }

        Assert.InRange(named, 15, int.MaxValue);
    }

    private static HostSettings Read(Dictionary<string, string?> given, out List<string> faults)
    {
        faults = [];
        return SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(given).Build(), faults).Settings;
    }
}
