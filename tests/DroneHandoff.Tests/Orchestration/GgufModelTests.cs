using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DroneHandoff.Tokens;
using Swarm.Gguf;
using Swarm.Testing;
using Swarm.Testing.Models;

namespace DroneHandoff.Tests.Orchestration;

/// <summary>The whole demo, in real processes, on a model that llama.cpp computes.</summary>
public sealed class GgufModelTests
{
    [Theory]
    [InlineData("planned", "file")]
    [InlineData("crash", "azurite")]
    public async Task Demo_OnAGguf_KeepsEveryPromise(string handoff, string store)
    {
        using var folder = new TempDirectory();
        var model = new RandomGguf(Vocabulary: TokenVocabulary.Size, Context: 2048, Type: GgufTensorType.Q8_0).Write(folder.Combine("model.gguf"));
        var json = folder.Combine("report.json");
        var start = new ProcessStartInfo(
            "dotnet",
            ["exec", ProgramPath(), "--model", model, "--handoff", handoff, "--store", store, "--positions", "512", "--json", json])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, await output + await errors);
        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        var strategies = result.RootElement.GetProperty("strategies").EnumerateArray().ToDictionary(one => one.GetProperty("name").GetString()!);
        var (standby, rehydrate) = (strategies["standby"], strategies["rehydrate"]);
        Assert.True(standby.GetProperty("bitIdentical").GetBoolean(), await output);
        Assert.Equal(result.RootElement.GetProperty("handoff").GetProperty("durableKv").GetInt64(), standby.GetProperty("held").GetInt64());
        Assert.Equal(0, standby.GetProperty("bytes").GetInt64());
        Assert.True(rehydrate.GetProperty("bitIdentical").GetBoolean(), await output);
        Assert.True(result.RootElement.GetProperty("fencing").GetProperty("staleAppendRefused").GetBoolean(), await output);
        Assert.True(handoff == "crash" || rehydrate.GetProperty("recomputed").GetInt64() == 0, await output);
    }

    // In its own folder, where the silo is beside it.
    private static string ProgramPath([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(source)!,
        $"../../../simulations/DroneHandoff/bin/{new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name}/net10.0/DroneHandoff.dll"));
}
