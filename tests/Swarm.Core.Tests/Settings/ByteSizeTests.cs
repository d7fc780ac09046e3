using Swarm.Core.Settings;
using Xunit;

namespace Swarm.Core.Tests.Settings;

/// <summary>Sizes as users write them.</summary>
public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0L)]
    [InlineData("65536", 65_536L)]
    [InlineData(" 64 KiB ", 65_536L)]
    [InlineData("64Ki", 65_536L)]
    [InlineData("1GiB", 1_073_741_824L)]
    [InlineData("1gib", 1_073_741_824L)]
    [InlineData("1GB", 1_000_000_000L)]
    [InlineData("1.5 GiB", 1_610_612_736L)]
    [InlineData("100MB", 100_000_000L)]
    [InlineData("2 kB", 2_000L)]
    [InlineData("7B", 7L)]
    [InlineData("8 bytes", 8L)]
    [InlineData("3TB", 3_000_000_000_000L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void TryParse_Size_IsRead(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("-1")]
    [InlineData("1GBB")]
    [InlineData("1,5GiB")]
    [InlineData("64m")]
    [InlineData("1e9")]
    [InlineData("1.2.3MB")]
    [InlineData("9223372036854775808")]
    [InlineData("8388608TiB")]
    [InlineData("99999999999999999999999999999999999GiB")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0L, "0B")]
    [InlineData(1_000L, "1000B")]
    [InlineData(65_536L, "64KiB")]
    [InlineData(1L << 40, "1TiB")]
    [InlineData(1L << 50, "1024TiB")]
    [InlineData((1L << 30) + 1, "1073741825B")]
    [InlineData(long.MaxValue, "9223372036854775807B")]
    public void Format_Size_IsReadBack(long bytes, string text)
    {
        Assert.Equal(text, ByteSize.Format(bytes));
        Assert.True(ByteSize.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }
}
