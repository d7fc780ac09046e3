using System.Runtime.CompilerServices;

namespace Swarm.Host.Tests;

/// <summary>The repository's files that tell or set up how a silo runs.</summary>
internal static class Deployment
{
    /// <summary>Full path of a file or folder of the repository.</summary>
    /// <param name="path">Its path from the root.</param>
    /// <param name="source">This file, by the compiler.</param>
    public static string Path(string path, [CallerFilePath] string source = "") => System.IO.Path.GetFullPath(
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(source)!, "../..", path));

    /// <summary>READMEs, manifests, units and settings.</summary>
    public static IEnumerable<string> TextFiles() =>
    [
        Path("README.md"), Path("deploy/README.md"), Path("src/ARCHITECTURE.md"),
        .. Directory.GetFiles(Path("deploy/container")), .. Directory.GetFiles(Path("deploy/kubernetes")),
        .. Directory.GetFiles(Path("deploy/systemd")),
    ];
}
