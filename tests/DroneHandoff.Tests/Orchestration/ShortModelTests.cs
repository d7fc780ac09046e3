using System.Diagnostics;
using System.Runtime.CompilerServices;
using DroneHandoff.Tests.Models;
using Swarm.Inference.Presets;

namespace DroneHandoff.Tests.Orchestration;

/// <summary>The whole demo, in real processes, with a model that has hardly a position to spare.</summary>
public sealed class ShortModelTests
{
    // A crash 64 readings late and the comparison behind it are 1,020 positions.
    [Fact]
    public async Task Demo_CrashAtTheEndOfTheModel_KeepsEveryPromise()
    {
        using var folder = new ModelFolder(Preset.Config("tiny") with { MaxPositions = 1024 });
        var start = new ProcessStartInfo(
            "dotnet", ["exec", ProgramPath(), "--model", folder.Path, "--handoff", "crash", "--positions", "562"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, await output + await errors);
    }

    // In its own folder, where the silo is beside it.
    private static string ProgramPath([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(source)!,
        $"../../../simulations/DroneHandoff/bin/{new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name}/net10.0/DroneHandoff.dll"));
}
