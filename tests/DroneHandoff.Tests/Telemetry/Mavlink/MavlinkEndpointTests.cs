using System.Net;
using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>Where packets arrive: what is taken, and what is refused with which words.</summary>
public sealed class MavlinkEndpointTests
{
    [Theory]
    [InlineData("udp://127.0.0.1:14550", "127.0.0.1:14550", null)]
    [InlineData("UDP://localhost:1", "127.0.0.1:1", null)]
    [InlineData("udp://0.0.0.0:65535?system=255", "0.0.0.0:65535", 255)]
    [InlineData("udp://[::1]:14550?system=1", "[::1]:14550", 1)]
    public void TryParse_Endpoint_IsRead(string text, string address, int? system)
    {
        Assert.True(MavlinkEndpoint.TryParse(text, out var endpoint, out var fault));

        Assert.Equal("", fault);
        Assert.Equal((text, IPEndPoint.Parse(address), (byte?)system), (endpoint.Text, endpoint.Address, endpoint.System));
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:5760", "over UDP alone")]
    [InlineData("udp:127.0.0.1:14550", "over UDP alone")]
    [InlineData("udp://", "no address and port")]
    [InlineData("udp://:14550", "no address and port")]
    [InlineData("udp://127.0.0.1", "no address and port")]
    [InlineData("udp://127.0.0.1:", "port '' is not a whole number from 1 to 65535")]
    [InlineData("udp://127.0.0.1:0", "port '0' is not")]
    [InlineData("udp://127.0.0.1:65536", "port '65536' is not")]
    [InlineData("udp://127.0.0.1:+1", "port '+1' is not")]
    [InlineData("udp://127.0.0.1:14550/x", "port '14550/x' is not")]
    [InlineData("udp://drone.example:14550", "'drone.example' is not an IP address")]
    [InlineData("udp://127.1:14550", "'127.1' is not an IP address")]
    [InlineData("udp://239.1.2.3:14550", "'239.1.2.3' is not an IP address of a machine")]
    [InlineData("udp://[ff02::1]:14550", "'[ff02::1]' is not an IP address of a machine")]
    [InlineData("udp://127.0.0.1:14550?system=0", "system '0' is not a whole number from 1 to 255")]
    [InlineData("udp://127.0.0.1:14550?system=256", "system '256' is not")]
    [InlineData("udp://127.0.0.1:14550?sysid=1", "'?sysid=1' is not known")]
    public void TryParse_AnythingElse_IsRefusedWithTheForm(string text, string expected)
    {
        Assert.True(MavlinkEndpoint.IsMeant(text));
        Assert.False(MavlinkEndpoint.TryParse(text, out var endpoint, out var fault));

        Assert.Null(endpoint);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.Contains("udp://127.0.0.1:14550", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_AddressOfAnotherMachine_SaysSo()
    {
        Assert.True(MavlinkEndpoint.TryParse("udp://192.0.2.1:14550", out var endpoint, out _)); // Reserved for documents.

        Assert.Contains(
            "192.0.2.1 is not an address of this machine", Assert.Throws<IOException>(() => endpoint.Bind()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_PortInUse_SaysSo()
    {
        using var first = new MavlinkEndpoint("first", new IPEndPoint(IPAddress.Loopback, 0), null).Bind();
        var second = new MavlinkEndpoint("second", (IPEndPoint)first.LocalEndPoint!, null);

        Assert.Contains("is in use; end the other program", Assert.Throws<IOException>(() => second.Bind()).Message, StringComparison.Ordinal);
    }
}
