using System.Reflection;
using Xunit;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>What the test flavour can do, the assembly that people run cannot.</summary>
public sealed class RuleTests
{
    [Fact]
    public void Rule_InTheProductionBuild_IsAConstant()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

        Assert.Empty(typeof(Rule).GetFields(All));
        Assert.True(default(Rule));
    }
}
