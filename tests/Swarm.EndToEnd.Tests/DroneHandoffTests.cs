using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>The main job in real processes: a silo, the drones, SIGKILL. Promises 1 to 4, 6 and 9.</summary>
public sealed class DroneHandoffTests
{
    [Theory]
    [InlineData("file", "planned")]
    [InlineData("azurite", "planned")]
    [InlineData("azurite", "crash")]
    [InlineData("file", "planned", "--lose-silo")]
    [InlineData("azurite", "crash", "--lose-silo")]
    public async Task Handoff_InRealProcesses_KeepsEveryPromise(string store, string kind, params string[] more)
    {
        var json = Path.Combine(Path.GetTempPath(), $"swarm-{Guid.NewGuid():N}.json");
        try
        {
            var (exitCode, output) = await RunAsync(
                ["--store", store, "--handoff", kind, "--positions", "512", "--json", json, .. more]);
            Assert.True(exitCode == 0, output);

            using var result = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
            RequirePromises(result.RootElement, kind, more.Length > 0 ? "blob" : "memory", output);
        }
        finally
        {
            File.Delete(json);
        }
    }

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

    private static void RequirePromises(JsonElement result, string kind, string tier, string output)
    {
        var handoff = result.GetProperty("handoff");
        var strategies = result.GetProperty("strategies").EnumerateArray().ToDictionary(one => one.GetProperty("name").GetString()!);
        var (standby, rehydrate) = (strategies["standby"], strategies["rehydrate"]);
        var missing = handoff.GetProperty("durableTokens").GetInt64() - handoff.GetProperty("durableKv").GetInt64();
        Assert.True(rehydrate.GetProperty("bitIdentical").GetBoolean(), output);
        Assert.True(standby.GetProperty("bitIdentical").GetBoolean(), output);
        Assert.Equal(handoff.GetProperty("durableKv").GetInt64(), standby.GetProperty("held").GetInt64());
        Assert.Equal(missing, standby.GetProperty("recomputed").GetInt64());
        Assert.Equal(0, standby.GetProperty("bytes").GetInt64());
        Assert.Equal(tier == "blob", standby.GetProperty("followed").GetProperty("reconnects").GetInt64() > 0);
        Assert.Equal(tier, rehydrate.GetProperty("tier").GetString());
        Assert.InRange(rehydrate.GetProperty("recomputed").GetInt64(), 0, kind == "planned" ? 0 : missing);
        Assert.True(result.GetProperty("fencing").GetProperty("staleAppendRefused").GetBoolean(), output);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Programs.PathOf("simulations/DroneHandoff"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
