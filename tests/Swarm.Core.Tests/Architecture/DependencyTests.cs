using System.Xml.Linq;
using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Core.Tests.Architecture;

/// <summary>The dependency direction in src/ARCHITECTURE.md, as tests.</summary>
public sealed class DependencyTests
{
    /// <summary>Which projects each one may refer to, directly. What these reach, it reaches too.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Swarm.Core"] = [],
        ["Swarm.Format"] = ["Swarm.Core"],
        ["Swarm.Storage"] = ["Swarm.Core", "Swarm.Format"],
        ["Swarm.Storage.Azure"] = ["Swarm.Core", "Swarm.Storage"],
        ["Swarm.Storage.Files"] = ["Swarm.Core", "Swarm.Storage"],
        ["Swarm.DataPlane"] = ["Swarm.Core", "Swarm.Format"],
        ["Swarm.DataPlane.Client"] = ["Swarm.Core", "Swarm.Format", "Swarm.DataPlane"],
        ["Swarm.DataPlane.Server"] = ["Swarm.Core", "Swarm.Format", "Swarm.DataPlane"],
        ["Swarm.Grains.Abstractions"] = ["Swarm.Core"],
        ["Swarm.Grains"] = ["Swarm.Core", "Swarm.Grains.Abstractions"],
        ["Swarm.Clustering"] = ["Swarm.Core", "Swarm.Storage"],
        ["Swarm.Client"] = ["Swarm.Core", "Swarm.Format", "Swarm.Grains.Abstractions", "Swarm.DataPlane", "Swarm.DataPlane.Client"],
        ["Swarm.Extensions.AI"] = ["Swarm.Core", "Swarm.Client", "Swarm.Text"],
        ["Swarm.Extensions.Agents"] = ["Swarm.Core", "Swarm.Client", "Swarm.Extensions.AI"],
        ["Swarm.Inference"] = ["Swarm.Core", "Swarm.Gguf"],
        ["Swarm.Gguf"] = [],
        ["Swarm.Text"] = ["Swarm.Core", "Swarm.Gguf"],
        ["Swarm.LlamaCpp"] = ["Swarm.Core", "Swarm.Gguf"],
        ["Swarm.Tool"] = ["Swarm.Core", "Swarm.Format", "Swarm.Client", "Swarm.Storage", "Swarm.Storage.Azure", "Swarm.Storage.Files", "Swarm.Host"],
        ["Swarm.Silo"] =
        [
            "Swarm.Core", "Swarm.Storage", "Swarm.DataPlane.Server", "Swarm.Grains", "Swarm.Clustering",
        ],
        ["Swarm.Host"] =
        [
            "Swarm.Core", "Swarm.Format", "Swarm.Storage", "Swarm.Storage.Azure", "Swarm.Storage.Files", "Swarm.DataPlane", "Swarm.DataPlane.Server",
            "Swarm.Grains.Abstractions", "Swarm.Grains", "Swarm.Clustering", "Swarm.Silo",
        ],
    };

    [Fact]
    public void Projects_InTheSourceFolder_ReferOnlyToWhatTheyMay()
    {
        var projects = Projects();

        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), projects.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, project) in projects)
        {
            var forbidden = References(project).Except(Allowed[name]).ToArray();
            Assert.True(forbidden.Length == 0, $"{name} must not refer to {string.Join(", ", forbidden)}.");
        }
    }

    [Theory]
    [InlineData("Swarm.Core")]
    [InlineData("Swarm.Gguf")]
    public void Projects_OfTheBaseLibraryAlone_HaveNoPackages(string project) => Assert.Empty(Projects()[project].Descendants("PackageReference"));

    [Fact]
    public void Core_ReferencesOnlyTheBaseLibrary()
    {
        var references = typeof(ContextId).Assembly.GetReferencedAssemblies().Select(name => name.Name!);

        Assert.DoesNotContain(references, name => !name.StartsWith("System.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Microsoft.Orleans", "Swarm.Grains.Abstractions", "Swarm.Grains", "Swarm.Clustering", "Swarm.Silo", "Swarm.Client", "Swarm.Host")]
    [InlineData("Azure.", "Swarm.Storage.Azure")]
    [InlineData("TorchSharp", "Swarm.Inference")]
    [InlineData("LLamaSharp", "Swarm.LlamaCpp")]
    [InlineData("Microsoft.Extensions.AI", "Swarm.Extensions.AI")]
    [InlineData("Microsoft.Agents", "Swarm.Extensions.Agents")]
    [InlineData("MessagePack", "Swarm.Format", "Swarm.DataPlane")]
    public void Packages_OfOneConcern_AreInItsProjectsAlone(string prefix, params string[] allowed)
    {
        var users = Projects()
            .Where(project => project.Value.Descendants("PackageReference").Any(package =>
                ((string?)package.Attribute("Include"))?.StartsWith(prefix, StringComparison.Ordinal) == true))
            .Select(project => project.Key);

        Assert.Empty(users.Except(allowed));
    }

    [Fact]
    public void InternalsVisibleTo_InAllProjects_NamesProjectsThatExist()
    {
        var projects = new[] { "src", "simulations", "tests" }.SelectMany(ProjectsIn).ToArray();
        var names = projects.Select(project => (string?)project.Value.Descendants("AssemblyName").FirstOrDefault() ?? project.Key);
        var friends = projects.SelectMany(project => project.Value.Descendants("InternalsVisibleTo"))
            .Select(friend => (string)friend.Attribute("Include")!);

        Assert.Empty(friends.Except(names));
    }

    private static IEnumerable<string> References(XElement project) => project.Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')));

    private static Dictionary<string, XElement> Projects() => ProjectsIn("src");

    private static Dictionary<string, XElement> ProjectsIn(string part) => Directory
        .GetDirectories(Path.Combine(Repository.Root, part))
        .SelectMany(folder => Directory.GetFiles(folder, "*.csproj"))
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => XElement.Load(file));
}
