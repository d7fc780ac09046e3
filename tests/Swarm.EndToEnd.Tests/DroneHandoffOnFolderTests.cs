using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>The main job on a folder, also with a sensor that lives; and what the demo refuses.</summary>
public sealed class DroneHandoffOnFolderTests : DroneHandoffTests
{
    [Theory]
    [InlineData("planned")]
    [InlineData("planned", "--lose-silo")]
    public Task Handoff_InRealProcesses_KeepsEveryPromise(string kind, params string[] more) => HandOverAsync("file", kind, more);

    // The drone is alive: it sends MAVLink with losses and foreign packets, while one drone after the other reads along. The crash on a file store.
    [Fact]
    public async Task Handoff_LiveSensor_KeepsEveryPromise()
    {
        using var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var place = (IPEndPoint)probe.Client.LocalEndPoint!;
        probe.Dispose();
        await using var drone = await MavlinkSender.StartAsync(
            place.Port, new SeededTest().Seed, int.MaxValue, rate: 200, isQuiet: true, TestContext.Current.CancellationToken);
        var json = Path.Combine(Path.GetTempPath(), $"swarm-{Guid.NewGuid():N}.json");
        try
        {
            var (exitCode, output) = await RunAsync(
                "--telemetry", $"udp://{place}", "--handoff", "crash", "--positions", "256", "--json", json);
            Assert.True(exitCode == 0, output);

            using var result = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
            var sensor = result.RootElement.GetProperty("sensor");
            var counts = sensor.GetProperty("mavlink").GetProperty("counts");
            RequirePromises(result.RootElement, "crash", "memory", output);
            Assert.True(counts.GetProperty("readings").GetInt64() > sensor.GetProperty("readings").GetInt64(), output);
            Assert.True(counts.GetProperty("lost").GetInt64() > 0, output);
            Assert.Equal(0, counts.GetProperty("dropped").GetInt64());
        }
        finally
        {
            File.Delete(json);
        }
    }

    [Fact]
    public async Task Demo_NegativePositions_IsRefusedByValue()
    {
        var (exitCode, output) = await RunAsync("--positions", "-3");

        Assert.Equal(2, exitCode);
        Assert.Contains("-3", output, StringComparison.Ordinal);
    }
}
