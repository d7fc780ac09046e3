using System.Diagnostics;
using Swarm.Clustering.Holders;
using Xunit;

namespace Swarm.Clustering.Tests.Holders;

/// <summary>Whether a process that is named in a store has ended.</summary>
public sealed class HolderProcessTests
{
    [Fact]
    public void IsGone_ThisProcess_IsNot()
    {
        Assert.True(HolderProcess.Current.IsHere);
        Assert.False(HolderProcess.Current.IsGone);
    }

    [Fact]
    public async Task IsGone_ProcessThatEnds_IsSeen()
    {
        using var process = Process.Start("sleep", "60");
        var named = HolderProcess.Current with { Id = process.Id, Started = "" };
        Assert.False(named.IsGone);

        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(named.IsGone);
    }

    [Fact]
    public void IsGone_IdWasUsedAgain_IsSeen() => Assert.True((HolderProcess.Current with { Started = "1" }).IsGone);

    [Fact]
    public void IsGone_ProcessElsewhere_IsNotKnown()
    {
        var elsewhere = HolderProcess.Current with { Scope = "elsewhere", Id = int.MaxValue };

        Assert.False(elsewhere.IsHere);
        Assert.False(elsewhere.IsGone);
    }
}
