using System.Buffers;
using Swarm.Host.Connections;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>How the files that a process may open are shared, and what counts as a greeting.</summary>
public sealed class ConnectionLimitsTests
{
    [Theory]
    [InlineData(ConnectionLimits.LeastFiles)]
    [InlineData(1_000)]
    [InlineData(65_536)]
    [InlineData(long.MaxValue)]
    public void Share_LeavesTheReserve_AndSomeForEveryPort(long files)
    {
        var limits = ConnectionLimits.Share(files, 4_096);

        int[] each = [limits.Gateway, limits.DataPlane, limits.Http, limits.Silo];
        Assert.All(each, port => Assert.True(port >= 16, $"{limits}"));
        Assert.True(each.Sum(port => (long)port) <= files - ConnectionLimits.Reserve, $"{limits}");
        Assert.True(limits.DataPlane <= 4_096);
        Assert.True(files < 4_000 || limits.Gateway > 1_000, $"{limits}");
    }

    [Fact]
    public void ReadFileLimit_OfThisProcess_IsKnownOnLinux()
    {
        List<string> faults = [];

        var files = ConnectionLimits.ReadFileLimit(faults);

        Assert.Equal(files < ConnectionLimits.LeastFiles, faults.Count > 0);
        Assert.True(files > 0);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("05 00 00", false)]
    [InlineData("05 00 00 00", false)]
    [InlineData("05 00 00 00 01 02 03 04", false)]
    [InlineData("05 00 00 00 01 02 03 04 05", true)]
    [InlineData("05 00 00 00 01 02 03 04 05 06", true)]
    [InlineData("FF FF FF FF", true)]
    [InlineData("01 04 00 00", true)]
    [InlineData("00 04 00 00", false)]
    public void IsOrleansPreamble_PartOfOne_IsWaitedFor(string sent, bool expected)
    {
        var bytes = sent.Length == 0 ? [] : sent.Split(' ').Select(item => Convert.ToByte(item, 16)).ToArray();

        Assert.Equal(expected, Greeting.IsOrleansPreamble(new ReadOnlySequence<byte>(bytes)));
        Assert.Equal(bytes.Length > 0, Greeting.HasBegun(new ReadOnlySequence<byte>(bytes)));
    }
}
