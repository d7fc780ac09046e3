using Xunit;

namespace Swarm.Core.Tests.Inference;

/// <summary>Equal by text, and never the same as one that is not known.</summary>
public sealed class NumericsIdentityTests
{
    [Fact]
    public void Matches_SameText_IsTheSame()
    {
        Assert.True(new NumericsIdentity("threads 1").Matches(new NumericsIdentity("threads 1")));
        Assert.False(new NumericsIdentity("threads 1").Matches(new NumericsIdentity("threads 2")));
        Assert.Equal("threads 1", new NumericsIdentity("threads 1").ToString());
    }

    [Fact]
    public void Matches_Unknown_IsTheSameAsNone()
    {
        Assert.False(NumericsIdentity.Unknown.Matches(NumericsIdentity.Unknown));
        Assert.False(new NumericsIdentity("x").Matches(NumericsIdentity.Unknown));
        Assert.True(new NumericsIdentity(NumericsIdentity.Unknown.ToString()).IsUnknown); // As it is read back.
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("two\nlines")]
    public void Constructor_NotALine_Throws(string text) => Assert.Throws<ArgumentException>(() => new NumericsIdentity(text));

    [Fact]
    public void Constructor_TooLong_NamesTheLimit() =>
        Assert.Contains(
            "514 bytes",
            Assert.Throws<ArgumentException>(() => new NumericsIdentity(new string('ö', 257))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void RequireAgentState_ReservedName_SaysSo()
    {
        Assert.Contains(
            "'swarm/'",
            Assert.Throws<ArgumentException>(() => Names.RequireAgentState("swarm/numerics")).Message,
            StringComparison.Ordinal);
        Assert.Equal("swarm", Names.RequireAgentState("swarm"));
    }
}
