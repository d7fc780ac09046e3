using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Swarm.EndToEnd.Tests.Packages;

/// <summary>What is in each package, and that somebody who has the packages alone can use them.</summary>
public sealed partial class PackageTests(PackedFeed feed) : IClassFixture<PackedFeed>
{
    private const string Tool = "Swarm.Tool";

    /// <summary>Projects of the source folder that are no packages of their own.</summary>
    private static readonly string[] NotPacked = ["Swarm.Host"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Pack_EveryProjectOfTheSourceFolder_IsAPackageWithSymbols()
    {
        var expected = Projects().SelectMany(id => new[] { $"{id}.{feed.Version}.nupkg", $"{id}.{feed.Version}.snupkg" });

        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            Directory.GetFiles(feed.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Package_Each_HoldsReadmeLicenceDocumentationAndSymbols()
    {
        foreach (var id in Projects())
        {
            using var package = Open(id, "nupkg");
            using var symbols = Open(id, "snupkg");
            var (folder, name) = id == Tool ? ("tools/net10.0/any", "swarm") : ("lib/net10.0", id);
            string[] needed = ["README.md", "LICENSE", $"{folder}/{name}.dll", .. id == Tool ? (string[])[] : [$"{folder}/{name}.xml"]];
            Assert.Empty(needed.Except(package.Entries.Select(entry => entry.FullName)));
            Assert.Contains($"{folder}/{name}.pdb", symbols.Entries.Select(entry => entry.FullName));

            var metadata = Metadata(package, id);
            Assert.Equal("MIT", Value(metadata, "license"));
            Assert.Equal("README.md", Value(metadata, "readme"));
            Assert.NotEmpty(Value(metadata, "description"));
            Assert.NotEmpty(Value(metadata, "tags"));
            var url = (string?)Child(metadata, "repository")?.Attribute("url");
            Assert.True(url is null || url.StartsWith("https://", StringComparison.Ordinal), $"{id} names the repository {url}.");
        }
    }

    /// <summary>A link into the repository leads nowhere on a package's page.</summary>
    [Fact]
    public void Package_Readme_HasNoRelativeLinks()
    {
        foreach (var id in Projects())
        {
            using var package = Open(id, "nupkg");
            using var reader = new StreamReader(package.GetEntry("README.md")!.Open());
            var text = reader.ReadToEnd();

            Assert.Empty(RelativeLink().Matches(text).Select(link => $"{id}: {link.Value}"));
            Assert.True(text.Length > 200, $"The readme of {id} says little.");
        }
    }

    [Fact]
    public void Package_Dependencies_AreThoseOfItsProject()
    {
        foreach (var id in Projects().Where(id => id != Tool))
        {
            using var package = Open(id, "nupkg");
            var project = XElement.Load(Programs.FromRoot($"src/{id}/{id}.csproj"));
            var expected = project.Descendants("ProjectReference")
                .Select(reference => $"{Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!)} {feed.Version}")
                .Concat(project.Descendants("PackageReference")
                    .Where(reference => ((string?)reference.Attribute("Condition"))?.Contains("cuda", StringComparison.Ordinal) != true)
                    .Select(reference => (string)reference.Attribute("Include")!));
            var dependencies = Metadata(package, id).Descendants()
                .Where(element => element.Name.LocalName == "dependency")
                .Select(element => ((string)element.Attribute("id")!, (string)element.Attribute("version")!))
                .Select(dependency => Projects().Contains(dependency.Item1) ? $"{dependency.Item1} {dependency.Item2}" : dependency.Item1);

            Assert.Equal(expected.Order(StringComparer.Ordinal), dependencies.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Tool_Contents_RunASiloWithoutAModel()
    {
        using var package = Open(Tool, "nupkg");

        Assert.Contains(package.Entries, entry => entry.Name == "Swarm.Host.dll");
        Assert.DoesNotContain(package.Entries, entry => entry.Name.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.InRange(package.Entries.Sum(entry => entry.CompressedLength), 0, 20L << 20);
    }

    /// <summary>As README says, but for versions, addresses and folders: the project and the program are README's.</summary>
    [Fact]
    public async Task Consumer_OfThePackagesAlone_RunsReadmesSampleAgainstASiloOfTheTool()
    {
        var tools = Path.Combine(feed.Outside, "tools");
        var agent = await feed.BuildAgentAsync();
        await feed.RunAsync(
            feed.Outside, "dotnet", ["tool", "install", Tool, "--tool-path", tools, "--version", feed.Version, "--add-source", feed.Path]);
        var swarm = Path.Combine(tools, "swarm");
        var store = Path.Combine(feed.Outside, "store");

        await using (var silo = await HostProcess.StartProgramAsync(
            ["/usr/bin/env", $"DOTNET_ROOT={PackedFeed.DotnetRoot()}", swarm, "silo"], $"--Swarm:Store:Path={store}"))
        {
            await HandOverAsync(agent, silo.Address);
        }

        await feed.RunAsync(feed.Outside, swarm, ["verify", "--store", store], ("DOTNET_ROOT", PackedFeed.DotnetRoot()));
    }

    /// <summary>The program of Swarm.Silo's readme, but for its ports.</summary>
    [Fact]
    public async Task Consumer_OfTheSiloPackage_EmbedsASiloThatReadmesSampleUses()
    {
        var agent = await feed.BuildAgentAsync();
        var program = Readmes.Block(await File.ReadAllTextAsync(Programs.FromRoot("src/Swarm.Silo/README.md"), Token), "csharp");
        var gateway = FreePort();
        var dll = await feed.BuildAsync(
            "my-silo",
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
                <RestoreAdditionalProjectSources>{feed.Path}</RestoreAdditionalProjectSources>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Swarm.Silo" Version="{feed.Version}" />
              </ItemGroup>
            </Project>
            """,
            program
                .Replace("gatewayPort: 7400", $"siloPort: {FreePort()}, gatewayPort: {gateway}", StringComparison.Ordinal)
                .Replace(
                    "options => options.Store = _ => new InMemoryBlobStore()",
                    "options => { options.Store = _ => new InMemoryBlobStore(); options.DataPlaneEndpoint = new(System.Net.IPAddress.Loopback, 0); }",
                    StringComparison.Ordinal));

        await using var silo = await EmbeddedProcess.StartAsync(dll);

        await HandOverAsync(agent, $"swarm://127.0.0.1:{gateway}");
    }

    private static string[] Projects() =>
    [
        .. Directory.GetDirectories(Programs.FromRoot("src")).Select(folder => Path.GetFileName(folder)).Except(NotPacked),
    ];

    private static XElement Metadata(ZipArchive package, string id)
    {
        using var nuspec = package.GetEntry($"{id}.nuspec")!.Open();
        return XElement.Load(nuspec).Elements().Single();
    }

    private static XElement? Child(XElement metadata, string name) => metadata.Elements().SingleOrDefault(child => child.Name.LocalName == name);

    private static string Value(XElement metadata, string name) => Child(metadata, name)?.Value ?? "";

    private ZipArchive Open(string id, string kind) => ZipFile.OpenRead(Path.Combine(feed.Path, $"{id}.{feed.Version}.{kind}"));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task HandOverAsync(string agent, string address)
    {
        Assert.StartsWith(
            "0 positions loaded, 0 recomputed", await feed.RunAgentAsync(agent, address, "drone-a", "drone-b"), StringComparison.Ordinal);
        Assert.StartsWith("19 positions loaded, 0 recomputed", await feed.RunAgentAsync(agent, address, "drone-b"), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\]\((?!https?://|#)[^)]*\)")]
    private static partial Regex RelativeLink();
}
