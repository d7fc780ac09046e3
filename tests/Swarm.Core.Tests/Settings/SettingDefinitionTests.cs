using Swarm.Core.Settings;
using Xunit;

namespace Swarm.Core.Tests.Settings;

/// <summary>What an attribute on a property makes of it.</summary>
public sealed class SettingDefinitionTests
{
    [Theory]
    [InlineData("CacheBytes", "1GB", "")]
    [InlineData("CacheBytes", "3GiB", "X is 3GiB; 64KiB to 2GiB is allowed: set it within that range, or leave it at its default, 1MiB.")]
    [InlineData("CacheBytes", "", "X is ''; a size such as")]
    [InlineData("SmallBytes", "3GiB", "X is 3GiB; 0B or more is allowed: set it within that range, or leave it at its default, 1B.")]
    [InlineData("Pause", "250ms", "")]
    [InlineData("Pause", "250", "X is '250'; a time such as")]
    [InlineData("Pause", "1h", "X is 1h; 10ms to 1m is allowed: set it within that range, or leave it at its default, 1s.")]
    [InlineData("Count", "7", "")]
    [InlineData("Count", "7.5", "X is '7.5'; a whole number is needed, 1 to 20.")]
    [InlineData("Count", "99999999999", "X is 99999999999; 1 to 20 is allowed: set it within that range, or leave it at its default, 3.")]
    [InlineData("Word", "two", "")]
    [InlineData("Word", "Two", "X is 'Two'; one or two is needed: set it to one of them, or leave it at its default, one.")]
    [InlineData("Folder", "/srv/swarm", "")]
    [InlineData("Folder", "~/swarm", "X: The path '~/swarm' begins with '~'")]
    [InlineData("IsOn", "true", "")]
    [InlineData("IsOn", "yes", "X is 'yes'; a flag is needed, true or false.")]
    public void TrySet_Text_IsSetOrNamedWithValueAndRange(string name, string text, string fault)
    {
        var options = new Sample();

        var found = Of(name).TrySet(options, text, "X");

        Assert.StartsWith(fault, found ?? "", StringComparison.Ordinal);
        Assert.Equal(fault.Length == 0, found is null);
        Assert.Equal(found is null, Of(name).Show(options) != Of(name).Show(new Sample()));
    }

    [Fact]
    public void Of_SettingThatCannotBeRead_Throws() =>
        Assert.Throws<NotSupportedException>(() => SettingDefinition.Of(typeof(Unreadable)));

    private static SettingDefinition Of(string name) => SettingDefinition.Of(typeof(Sample)).Single(setting => setting.Name == name);

    private sealed class Sample
    {
        [Setting("A cache.", Min = "64KiB", Max = "2GiB")]
        public long CacheBytes { get; set; } = 1 << 20;

        [Setting("Less.")]
        public int SmallBytes { get; set; } = 1;

        [Setting("A pause.", Min = "10ms", Max = "1min")]
        public TimeSpan Pause { get; set; } = TimeSpan.FromSeconds(1);

        [Setting("A number.", Min = "1", Max = "20")]
        public int Count { get; set; } = 3;

        [Setting("A word.", OneOf = "one|two")]
        public string Word { get; set; } = "one";

        [Setting("A folder.", IsFolder = true)]
        public string? Folder { get; set; }

        [Setting("A switch.")]
        public bool IsOn { get; set; }
    }

    private sealed class Unreadable
    {
        [Setting("A ratio.")]
        public double Ratio { get; set; }
    }
}
