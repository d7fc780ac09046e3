using Swarm.Core.Settings;
using Xunit;

namespace Swarm.Core.Tests.Settings;

/// <summary>Time spans as users write them.</summary>
public sealed class DurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("500ms", 500)]
    [InlineData("1.1 s", 1_100)]
    [InlineData("2S", 2_000)]
    [InlineData("1m", 60_000)]
    [InlineData("5min", 300_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData(" 00:00:02 ", 2_000)]
    [InlineData("00:00:00.025", 25)]
    [InlineData("1.00:00:01", 86_401_000)]
    public void TryParse_Time_IsRead(string text, double milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var read));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), read);
    }

    // TimeSpan.Parse takes 30 and 24:00:00 for days.
    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("30")]
    [InlineData("24:00:00")]
    [InlineData("00:02")]
    [InlineData("-1s")]
    [InlineData("-00:00:01")]
    [InlineData("1,5s")]
    [InlineData("1m30s")]
    [InlineData("99999999999d")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(25, "25ms")]
    [InlineData(1_100, "1.1s")]
    [InlineData(90_000, "90s")]
    [InlineData(300_000, "5m")]
    [InlineData(7_200_000, "2h")]
    [InlineData(86_400_000, "1d")]
    [InlineData(0.5, "00:00:00.0005000")]
    public void Format_Time_IsReadBack(double milliseconds, string text)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);

        Assert.Equal(text, Duration.Format(time));
        Assert.True(Duration.TryParse(text, out var read));
        Assert.Equal(time, read);
    }
}
