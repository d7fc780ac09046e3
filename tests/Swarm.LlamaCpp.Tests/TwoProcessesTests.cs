using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Swarm.Host;
using Swarm.LlamaCpp.Tests.Agent;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.LlamaCpp.Tests;

/// <summary>A context goes from process to process through a silo: one killed, one released; the last one's logits are those of a run that was never interrupted.</summary>
public sealed class TwoProcessesTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TakeOver_ByOtherProcesses_GoesOnBitForBit()
    {
        var shape = new RandomGguf(Context: Telemetry.MaxPositions);
        var path = shape.Write(_folder.Combine("model.gguf"));
        string[] args =
        [
            "--Swarm:Store:Path", _folder.Combine("store"),
            "--Swarm:Endpoints:Address", "127.0.0.1",
            "--Swarm:Endpoints:Gateway", "0",
            "--Swarm:Endpoints:Silo", "0",
            "--Swarm:Endpoints:DataPlane", "0",
            "--Swarm:Endpoints:Http", "0",
            "--Logging:LogLevel:Default", "Warning",
        ];
        Directory.CreateDirectory(_folder.Combine("store"));
        await using var silo = await SwarmHost.StartAsync(args, Token);

        var killed = await RunAsync(silo, path, "drone-a", 200, "kill");
        var released = await RunAsync(silo, path, "drone-b", 330, "release");
        var last = await RunAsync(silo, path, "drone-c", 500, "release");

        Assert.Equal("0 0 False", killed[..killed.LastIndexOf(' ')]);
        Assert.Equal("200 0 False", released[..released.LastIndexOf(' ')]);
        Assert.Equal("330 0 False", last[..last.LastIndexOf(' ')]);
        Assert.Equal(Uninterrupted(path, shape.Vocabulary, [200, 330, 500]), [killed[(killed.LastIndexOf(' ') + 1)..], released[(released.LastIndexOf(' ') + 1)..], last[(last.LastIndexOf(' ') + 1)..]]);
    }

    [Fact]
    public void Agent_WithLlamaCpp_BringsNoTorchSharp()
    {
        using var dependencies = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(Program, ".deps.json")));
        var libraries = dependencies.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name).ToArray();

        Assert.Contains(libraries, name => name.StartsWith("LLamaSharp/", StringComparison.Ordinal));
        Assert.Contains(libraries, name => name.StartsWith("Swarm.Gguf/", StringComparison.Ordinal));
        Assert.DoesNotContain(libraries, name => name.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(libraries, name => name.StartsWith("Swarm.Inference/", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Program)!, "*orch*", SearchOption.AllDirectories));
    }

    public void Dispose() => _folder.Dispose();

    private static string Program
    {
        get
        {
            var framework = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.GetFullPath(Path.Combine(
                Path.GetDirectoryName(ThisFile())!, "..", "Swarm.LlamaCpp.Tests.Agent", "bin", framework.Parent!.Name, framework.Name, "Swarm.LlamaCpp.Tests.Agent.dll"));
        }
    }

    private static async Task<string> RunAsync(SwarmHost silo, string model, string name, int positions, string end)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Program, $"swarm://{silo.Ready.Gateway}", silo.Ready.ClusterId, silo.Ready.ServiceId, model, name, $"{positions}", end])
        {
            RedirectStandardOutput = true,
        };
        using var agent = Process.Start(start)!;
        try
        {
            var said = await agent.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(2), Token);
            if (end != "kill")
            {
                await agent.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromMinutes(1), Token);
                Assert.Equal(0, agent.ExitCode);
            }

            return said ?? throw new InvalidDataException($"{name} ended without a word.");
        }
        finally
        {
            agent.Kill(); // SIGKILL for the one that waits for it; harmless for one that has ended.
            await agent.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>Digests of the logits at some lengths, of one runtime in this process.</summary>
    private static List<string> Uninterrupted(string path, int vocabulary, int[] ends)
    {
        using var model = LlamaCppModel.Load(path, Telemetry.Options);
        using var runtime = model.CreateRuntime(Telemetry.MaxPositions, Telemetry.Step);
        var logits = new float[vocabulary];
        var digests = new List<string>();
        foreach (var end in ends)
        {
            while (runtime.Length < end)
            {
                runtime.Forward(Telemetry.StepAt(runtime.Length, end, vocabulary), logits);
            }

            digests.Add(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(logits.AsSpan()))));
        }

        return digests;
    }

    private static string ThisFile([CallerFilePath] string source = "") => source;
}
