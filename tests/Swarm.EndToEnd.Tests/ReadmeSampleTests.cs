using System.Diagnostics;
using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>README's program is the one that is compiled and run here.</summary>
public sealed class ReadmeSampleTests
{
    private const string Project = "tests/Swarm.EndToEnd.ReadmeAgent";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("README.md")]
    [InlineData("src/Swarm.Client/README.md")]
    public async Task Sample_IsTheReadmesButForTheAddress(string file)
    {
        var code = Readmes.Block(await File.ReadAllTextAsync(Programs.FromRoot(file), Token), "csharp");

        Assert.Equal(
            code.Replace("\"swarm://127.0.0.1:7400\"", "Environment.GetEnvironmentVariable(\"SWARM_ADDRESS\")!", StringComparison.Ordinal),
            await File.ReadAllTextAsync(Programs.FromRoot($"{Project}/Program.cs"), Token));
    }

    /// <summary>The embedded silo of Swarm.Silo's readme is compiled and run in <see cref="Packages.PackageTests"/>.</summary>
    [Fact]
    public async Task EmbeddedSilo_IsTheOneOfTheSiloPackagesReadme()
    {
        var readme = await File.ReadAllTextAsync(Programs.FromRoot("README.md"), Token);
        var code = Readmes.Block(readme[readme.IndexOf("## In your own host", StringComparison.Ordinal)..], "csharp");
        var program = Readmes.Block(await File.ReadAllTextAsync(Programs.FromRoot("src/Swarm.Silo/README.md"), Token), "csharp");

        Assert.All(code.Split('\n'), line => Assert.Contains(line, program, StringComparison.Ordinal));
    }

    /// <summary>As README says: the second one loads the 19 positions that the first one released.</summary>
    [Fact]
    public async Task Sample_TwoAgents_TheSecondGoesOnWhereTheFirstLeft()
    {
        using var folder = new TempDirectory();
        await using var silo = await HostProcess.StartAsync($"--Swarm:Store:Path={folder.Combine("store")}");

        var first = await RunAsync(silo.Address, "drone-a", "drone-b");
        var second = await RunAsync(silo.Address, "drone-b");

        Assert.StartsWith("0 positions loaded, 0 recomputed", first, StringComparison.Ordinal);
        Assert.StartsWith("19 positions loaded, 0 recomputed", second, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string address, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Programs.PathOf(Project), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SWARM_ADDRESS"] = address;
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(Token);
            var error = process.StandardError.ReadToEndAsync(Token);
            await process.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromMinutes(2), Token);
            Assert.True(process.ExitCode == 0, await error);
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
