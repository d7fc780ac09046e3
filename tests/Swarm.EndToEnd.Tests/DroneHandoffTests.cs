using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>The main job in real processes: a silo, the drones, SIGKILL. Promises 1 to 4, 6 and 9.</summary>
public abstract class DroneHandoffTests
{
    /// <summary>Hands over once, and requires the promises.</summary>
    /// <param name="store">The demo's store.</param>
    /// <param name="kind">Whether drone A releases the context or is killed.</param>
    /// <param name="more">More of the demo's options.</param>
    private protected static async Task HandOverAsync(string store, string kind, params string[] more)
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

    private protected static void RequirePromises(JsonElement result, string kind, string tier, string output)
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

    private protected static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Programs.PathOf("simulations/DroneHandoff"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        Programs.CompileOnce(start);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
