using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>The checksum, against the check value of the catalogue of CRCs.</summary>
public sealed class X25ChecksumTests
{
    // CRC-16/MCRF4XX in https://reveng.sourceforge.io/crc-catalogue/16.htm
    [Fact]
    public void Add_TheCatalogsText_GivesItsCheckValue() =>
        Assert.Equal(0x6F91, X25Checksum.Add(X25Checksum.Start, "123456789"u8));
}
