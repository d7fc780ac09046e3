using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>Settings of the data-plane connections: all faults are named, each with value, limit and default.</summary>
public sealed class DataConnectionOptionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Validate_EverySettingOutOfRange_IsNamedWithValueLimitAndDefault()
    {
        var options = new SwarmClientOptions
        {
            ClusterId = "",
            DataPlane = new DataConnectionOptions
            {
                ConnectTimeout = TimeSpan.Zero,
                PingInterval = TimeSpan.Zero,
                SilenceTimeout = TimeSpan.Zero,
                ConnectionsPerSilo = 65,
                IdleTimeout = TimeSpan.FromDays(2),
                ReadWindowBytes = 65535,
                IdleBufferBytes = -1,
                MapEndpoint = null!,
            },
        };

        var message = Assert.Throws<ArgumentException>(options.Validate).Message;

        foreach (var sentence in (string[])
        [
            "ClusterId and ServiceId must not be empty.",
            "DataPlane.ConnectTimeout is 00:00:00; more than 0 is needed: set it to that, or leave it at its default, 00:00:05.",
            "DataPlane.PingInterval is 00:00:00; more than 0 is needed",
            "DataPlane.SilenceTimeout is 00:00:00; more than PingInterval, 00:00:00, is needed",
            "DataPlane.ConnectionsPerSilo is 65; 1 to 64 is needed: set it to that, or leave it at its default, 1.",
            "DataPlane.IdleTimeout is 2.00:00:00; 0 to 1 day is needed: set it to that, or leave it at its default, 00:00:30.",
            "DataPlane.ReadWindowBytes is 65535; 65536 bytes or more is needed",
            "DataPlane.IdleBufferBytes is -1; 0 or more is needed",
            "DataPlane.MapEndpoint is null",
        ])
        {
            Assert.Contains(sentence, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task MapEndpoint_NoAddress_IsNamedWithWhatItWasMadeOf()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync(dataPlane: "nowhere");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token));

        Assert.Contains("'nowhere'", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{silo.DataPlane}'", error.Message, StringComparison.Ordinal);
    }
}
