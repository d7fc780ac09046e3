using System.Diagnostics;
using Xunit;

namespace Swarm.Inference.Tests.Build;

/// <summary>A project that has nothing of this repository but its packages.</summary>
public sealed class PackageTests : IDisposable
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <UseAppHost>false</UseAppHost>
            <RestorePackagesPath>$(MSBuildProjectDirectory)/../packages</RestorePackagesPath>
            <CreateSymbolicLinksForCopyLocalIfPossible>true</CreateSymbolicLinksForCopyLocalIfPossible>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Swarm.Inference" Version="0.1.0-*" />
          </ItemGroup>
        </Project>
        """;

    private const string Program = """
        using Swarm.Inference;

        using var model = LlamaModel.CreatePreset("tiny", 1);
        using var runtime = model.CreateRuntime(64);
        var logits = new float[runtime.VocabularySize];
        runtime.Forward([1, 2, 3], logits);
        Console.WriteLine(model.Descriptor.ComputeFingerprint());
        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    // On a system with an old libstdc++ this needs the build step that the package brings.
    [Fact]
    public async Task Build_ProjectWithThePackagesAlone_RunsAModel()
    {
        foreach (var project in (string[])["Swarm.Core", "Swarm.Gguf", "Swarm.Inference"])
        {
            await RunAsync(
                "pack", Path.Combine(FindRepository(), "src", project), "-c", Configuration, "--no-build", "-o", _directory.File("feed"),
                "--disable-build-servers");
        }

        Directory.CreateDirectory(_directory.File("app"));
        File.WriteAllText(_directory.File("app/App.csproj"), Project);
        File.WriteAllText(_directory.File("app/Program.cs"), Program);
        File.WriteAllText(_directory.File("NuGet.config"), $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{_directory.File("feed")}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="cache" value="{PackageCache}" /></fallbackPackageFolders>
            </configuration>
            """);
        await RunAsync("build", _directory.File("app"), "-c", "Release", "-o", _directory.File("out"), "--disable-build-servers");

        var output = await RunAsync(_directory.File("out/App.dll"));

        using var model = LlamaModel.CreatePreset("tiny", 1);
        Assert.Equal(model.Descriptor.ComputeFingerprint().ToString(), output.Trim());
        Assert.False(Directory.Exists(_directory.File("out/cpu")), "TorchSharp copied all natives, for it could not load one");
    }

    private static string Configuration => AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";

    private static string PackageCache => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string FindRepository()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Swarm.sln")))
        {
            directory = Path.GetDirectoryName(directory)
                ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Swarm.sln.");
        }

        return directory;
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _directory.Path,
        })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output} {await error}");
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
}
