using System.Diagnostics;
using System.Runtime.InteropServices;
using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests.Packages;

/// <summary>All packages of this build, in a folder that NuGet reads, under a version that no cache knows.</summary>
public sealed class PackedFeed : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();
    private Task<string>? _agent;

    /// <summary>The packages' version.</summary>
    public string Version { get; } = $"0.1.0-test.{Guid.NewGuid():n}";

    /// <summary>The folder of the packages.</summary>
    public string Path => _folder.Combine("feed");

    /// <summary>A folder outside of the repository, for those who use the packages.</summary>
    public string Outside => _folder.Combine("outside");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Outside);
        await RunAsync(
            Programs.FromRoot("."),
            "dotnet",
            ["pack", "Swarm.sln", "-c", Programs.Configuration, "--no-build", "-o", Path, $"-p:MinVerVersionOverride={Version}"]);
    }

    /// <summary>Builds README's project with README's program, which takes its address from the environment; once for all tests.</summary>
    /// <returns>Its assembly.</returns>
    public Task<string> BuildAgentAsync() => _agent ??= BuildReadmesAgentAsync();

    /// <summary>Runs that program.</summary>
    /// <param name="agent">Its assembly.</param>
    /// <param name="address">The gateway.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it printed.</returns>
    public Task<string> RunAgentAsync(string agent, string address, params string[] arguments) =>
        RunAsync(Outside, "dotnet", ["exec", agent, .. arguments], ("SWARM_ADDRESS", address));

    /// <summary>Builds a program of one file outside of the repository, with warnings as errors.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="project">Its project file.</param>
    /// <param name="program">Its code.</param>
    /// <returns>Its assembly.</returns>
    public async Task<string> BuildAsync(string name, string project, string program)
    {
        var folder = System.IO.Path.Combine(Outside, name);
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(System.IO.Path.Combine(folder, $"{name}.csproj"), project);
        await File.WriteAllTextAsync(System.IO.Path.Combine(folder, "Program.cs"), program);
        await RunAsync(Outside, "dotnet", ["build", folder, "-c", "Release", "-warnaserror", "-p:CreateSymbolicLinksForCopyLocalIfPossible=true"]);
        return System.IO.Path.Combine(folder, "bin", "Release", "net10.0", "linux-x64", $"{name}.dll");
    }

    /// <summary>Runs a program to its end, with a package folder that holds nothing of Swarm before.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables that are added.</param>
    /// <returns>What it printed to standard output.</returns>
    public async Task<string> RunAsync(
        string folder, string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        if (folder == Outside)
        {
            // Everything but Swarm is taken from where the machine has it: libtorch alone is half a gigabyte.
            start.Environment["NUGET_FALLBACK_PACKAGES"] = GlobalPackages();
            start.Environment["NUGET_PACKAGES"] = _folder.Combine("packages");
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        try
        {
            var token = TestContext.Current.CancellationToken;
            var output = process.StandardOutput.ReadToEndAsync(token);
            var error = process.StandardError.ReadToEndAsync(token);
            await process.WaitForExitAsync(token).WaitAsync(TimeSpan.FromMinutes(5), token);
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Where .NET is, for programs that look for it.</summary>
    internal static string DotnetRoot() =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    private async Task<string> BuildReadmesAgentAsync()
    {
        var project = Readmes.Block(await File.ReadAllTextAsync(Programs.FromRoot("README.md")), "xml");
        Assert.Contains("../packages<", project, StringComparison.Ordinal);
        Assert.Contains("Version=\"0.1.0-*\"", project, StringComparison.Ordinal);
        return await BuildAsync(
            "my-agent",
            project
                .Replace("../packages<", $"{Path}<", StringComparison.Ordinal)
                .Replace("Version=\"0.1.0-*\"", $"Version=\"{Version}\"", StringComparison.Ordinal),
            await File.ReadAllTextAsync(Programs.FromRoot("tests/Swarm.EndToEnd.ReadmeAgent/Program.cs")));
    }

    private static string GlobalPackages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
        ? set
        : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
