using System.Runtime.CompilerServices;

namespace Swarm.EndToEnd.Tests;

/// <summary>Where the build put the programs that the tests start.</summary>
internal static class Programs
{
    /// <summary>The program of agents that record what they are told.</summary>
    public static string Agent => PathOf("tests/Swarm.EndToEnd.Agent");

    /// <summary>Finds a program in the configuration that this one was built in.</summary>
    /// <param name="project">The project's folder, from the root.</param>
    /// <returns>Full path of its assembly.</returns>
    public static string PathOf(string project, [CallerFilePath] string source = "")
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        return Path.GetFullPath(Path.Combine(
            Path.GetDirectoryName(source)!,
            $"../../{project}/bin/{configuration}/net10.0/{Path.GetFileName(project)}.dll"));
    }
}
