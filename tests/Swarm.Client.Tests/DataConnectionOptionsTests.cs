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
            "ClusterId is empty: set it to that of the silos, or leave it at its default, swarm.",
            "DataPlane.ConnectTimeout is 0s; 1ms to 1h is allowed: set it within that range, or leave it at its default, 5s.",
            "DataPlane.PingInterval is 0s; 1ms to 1h is allowed",
            "DataPlane.SilenceTimeout is 0s; more than DataPlane.PingInterval, 0s, is needed",
            "DataPlane.ConnectionsPerSilo is 65; 1 to 64 is allowed: set it within that range, or leave it at its default, 1.",
            "DataPlane.IdleTimeout is 2d; 0s to 1d is allowed: set it within that range, or leave it at its default, 30s.",
            "DataPlane.ReadWindowBytes is 65535B; 64KiB or more is allowed",
            "DataPlane.IdleBufferBytes is -1B; 0B or more is allowed",
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
