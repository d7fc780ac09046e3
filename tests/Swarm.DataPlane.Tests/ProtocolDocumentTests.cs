using System.Globalization;
using System.Reflection;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Golden;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>What PROTOCOL.md says in its tables and its example is what the code does.</summary>
public sealed class ProtocolDocumentTests
{
    private static readonly string[] Lines = File.ReadAllLines(
        Path.Combine(RepositoryRoot.Path, "src", "Swarm.DataPlane", "PROTOCOL.md"));

    [Fact]
    public void Frames_OfTheTable_AreThoseOfTheCode() =>
        Assert.Equal(
            Enum.GetValues<FrameType>().Select(type => $"{(int)type} `{type}`"),
            Rows("## Frames (").Select(row => $"{row[0]} {row[1]}"));

    [Fact]
    public void Features_OfTheTable_AreThoseOfTheCode() =>
        Assert.Equal(
            typeof(FeatureBits).GetFields().Where(field => field.Name != nameof(FeatureBits.All))
                .Select(field => $"{System.Numerics.BitOperations.Log2((ulong)field.GetRawConstantValue()!)} `{field.Name}`"),
            Rows("## Purpose and versions").Select(row => $"{row[0]} {row[1]}"));

    [Fact]
    public void Refusals_OfTheTable_AreThoseOfTheCode() =>
        Assert.Equal(
            Enum.GetValues<RefusalCode>().Select(code => $"{(int)code} `{code}` {new Refusal(code, "").ToException().IsTransient}"),
            Rows("## Refusals (").Select(row => $"{row[0]} {row[1]} {row[3].StartsWith("yes", StringComparison.Ordinal)}"));

    [Fact]
    public void Limits_OfTheTable_AreThoseOfTheCode()
    {
        string[] expected =
        [
            Show("FrameHeader.SizeBytes", FrameHeader.SizeBytes),
            Show("KvHead.SizeBytes", KvHead.SizeBytes),
            Show("KvHead.CheckedSizeBytes", KvHead.CheckedSizeBytes),
            .. typeof(FrameLimits).GetFields().Select(field => Show($"FrameLimits.{field.Name}", field.GetRawConstantValue()!)),
            Show("NamedState.MaxBytes", NamedState.MaxBytes),
            Show("NamedState.MaxCount", NamedState.MaxCount),
            Show("Names.MaxContextLength", Names.MaxContextLength),
            Show("Names.MaxStateLength", Names.MaxStateLength),
            .. Settings(new DataPlaneServerOptions()),
            .. Settings(new DataPlaneClientOptions()),
            .. Settings(new DataPlanePoolOptions()),
        ];

        Assert.Equal(expected.Order(StringComparer.Ordinal), Rows("## Limits").Select(row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Version_OfTheText_IsThatOfTheCode()
    {
        Assert.Contains(Lines, line => line.StartsWith($"The protocol version is {Hello.CurrentVersion} (", StringComparison.Ordinal));
        Assert.All(GoldenFrame.All, golden => Assert.Equal(
            $"v{Hello.CurrentVersion}", Path.GetFileName(Path.GetDirectoryName(golden.FilePath))));
    }

    [Theory]
    [InlineData("Hello")]
    [InlineData("Welcome")]
    [InlineData("Attach")]
    [InlineData("Attached")]
    [InlineData("AppendInputs")]
    [InlineData("Appended")]
    public void Example_OfTheText_IsTheGoldenFrame(string name)
    {
        var bytes = Lines
            .SkipWhile(line => !line.StartsWith($"{name}.bin  ", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(line => line[0] != '`' && !line.Contains(".bin  ", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf("  ", StringComparison.Ordinal)].Replace(" ", "", StringComparison.Ordinal));

        var golden = GoldenFrame.All.Single(golden => golden.Name == name);
        Assert.Equal(Convert.ToHexStringLower(File.ReadAllBytes(golden.FilePath)), string.Concat(bytes));
    }

    /// <summary>Cells of the first table of a section, without its head.</summary>
    private static IEnumerable<string[]> Rows(string section) => Lines
        .SkipWhile(line => !line.StartsWith(section, StringComparison.Ordinal))
        .SkipWhile(line => !line.StartsWith('|'))
        .TakeWhile(line => line.StartsWith('|'))
        .Skip(2)
        .Select(line => line[1..^1].Split('|', StringSplitOptions.TrimEntries));

    private static IEnumerable<string> Settings(object options) => options.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.PropertyType != typeof(bool) && !typeof(Delegate).IsAssignableFrom(property.PropertyType))
        .Select(property => Show($"{options.GetType().Name}.{property.Name}", property.GetValue(options)!));

    private static string Show(string name, object value) => value is TimeSpan time
        ? string.Create(CultureInfo.InvariantCulture, $"`{name}` {time.TotalSeconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"`{name}` {Convert.ToInt64(value, CultureInfo.InvariantCulture):N0}");
}
