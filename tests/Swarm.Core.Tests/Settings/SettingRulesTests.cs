using Swarm.Core.Settings;
using Xunit;

namespace Swarm.Core.Tests.Settings;

/// <summary>Ranges and a class's own rules are checked together, and all faults named at once.</summary>
public sealed class SettingRulesTests
{
    private static readonly string[] Expected =
    [
        "Low is 0; 1 to 20 is allowed: set it within that range, or leave it at its default, 1.",
        "Pause is 1d; 10ms to 1m is allowed: set it within that range, or leave it at its default, 1s.",
        "Word is 'three'; one or two is needed: set it to one of them, or leave it at its default, one.",
        "Low is 0 and High is -1; High must be larger.",
    ];

    private static Sample Wrong => new() { Low = 0, High = -1, Pause = TimeSpan.FromDays(1), Word = "three" };

    [Fact]
    public void FindFaults_SettingsWithinTheirRules_FindsNone() => Assert.Empty(SettingRules.FindFaults(new Sample()));

    [Fact]
    public void FindFaults_RangesAndOwnRulesBroken_NamesAllAtOnce() => Assert.Equal(Expected, SettingRules.FindFaults(Wrong));

    [Fact]
    public void FindFaults_NamesOfConfiguration_AreUsedInEveryFault()
    {
        var faults = SettingRules.FindFaults(Wrong, name => $"App:Sample:{name}");

        Assert.All(faults, fault => Assert.StartsWith("App:Sample:", fault, StringComparison.Ordinal));
        Assert.EndsWith("App:Sample:High must be larger.", faults[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Require_Faults_ThrowsWithAllOfThemAndTheParameter()
    {
        var refused = Assert.Throws<ArgumentException>(() => SettingRules.Require(Wrong, "options"));

        Assert.Equal("options", refused.ParamName);
        Assert.All(Expected, fault => Assert.Contains(fault, refused.Message, StringComparison.Ordinal));
        SettingRules.Require(new Sample(), "options");
    }

    [Fact]
    public void TextOf_ExceptionOfAParameter_LeavesItsNameOut()
    {
        Assert.Equal("Too long.", SettingRules.TextOf(new ArgumentException("Too long.", "name")));
        Assert.Equal("Too long.", SettingRules.TextOf(new ArgumentException("Too long.")));
    }

    private sealed class Sample : ISettingRules
    {
        [Setting("The lower.", Min = "1", Max = "20")]
        public int Low { get; set; } = 1;

        public int High { get; set; } = 2;

        [Setting("A pause.", Min = "10ms", Max = "1min")]
        public TimeSpan Pause { get; set; } = TimeSpan.FromSeconds(1);

        [Setting("A word.", OneOf = "one|two")]
        public string Word { get; set; } = "one";

        IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
        {
            if (High <= Low)
            {
                yield return $"{name(nameof(Low))} is {Low} and {name(nameof(High))} is {High}; {name(nameof(High))} must be larger.";
            }
        }
    }
}
