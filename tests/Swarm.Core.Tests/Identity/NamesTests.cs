using Xunit;

namespace Swarm.Core.Tests.Identity;

/// <summary>What people may call things, and how a refusal reads.</summary>
public sealed class NamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("drone-7")]
    public void RequireAgent_AllowedName_GivesItBack(string name) => Assert.Same(name, Names.RequireAgent(name));

    [Theory]
    [InlineData("", "has 0 characters; 1 to 128 are allowed")]
    [InlineData("Drone", "has 'D' at character 1; allowed are [a-z0-9-]")]
    [InlineData("a/b", "has '/' at character 2")]
    [InlineData("añ", "at character 2")]
    public void RequireAgent_OtherName_SaysWhatIsWrong(string name, string expected)
    {
        var fault = Assert.Throws<ArgumentException>(() => Names.RequireAgent(name));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_LongestName_IsAllowedAndOneMoreIsNot()
    {
        (Func<string, string> Require, int Max)[] kinds =
        [
            (Names.RequireTenant, Names.MaxTenantLength),
            (Names.RequireAgent, Names.MaxAgentLength),
            (Names.RequireContext, Names.MaxContextLength),
            (Names.RequireState, Names.MaxStateLength),
        ];
        foreach (var (require, max) in kinds)
        {
            Assert.Equal(max, require(new string('a', max)).Length);
            Assert.Throws<ArgumentException>(() => require(new string('a', max + 1)));
        }
    }

    [Theory]
    [InlineData("track/vehicle-17")]
    [InlineData("a_b.c/d-e")]
    public void RequireContext_PathLikeName_IsAllowed(string name) => Assert.Same(name, Names.RequireContext(name));
}
