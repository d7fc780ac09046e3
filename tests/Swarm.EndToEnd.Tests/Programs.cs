using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Swarm.EndToEnd.Tests;

/// <summary>Where the build put the programs that the tests start.</summary>
internal static class Programs
{
    /// <summary>The program of agents that record what they are told.</summary>
    public static string Agent => PathOf("tests/Swarm.EndToEnd.Agent");

    /// <summary>The configuration that this one was built in.</summary>
    public static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Full path of something in the repository.</summary>
    /// <param name="path">The path from the root.</param>
    public static string FromRoot(string path) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../..", path));

    /// <summary>Finds a program in the configuration that this one was built in.</summary>
    /// <param name="project">The project's folder, from the root.</param>
    /// <returns>Full path of its assembly.</returns>
    public static string PathOf(string project) =>
        FromRoot($"{project}/bin/{Configuration}/net10.0/{Path.GetFileName(project)}.dll");

    /// <summary>
    /// Has a .NET process compile each method once: where ten of them live for a minute on two cores, optimizing their code takes half of the
    /// processor's time. Not where times are measured (<c>SWARM_FLEET_KILLS</c>): they are as in production.
    /// </summary>
    /// <param name="start">What is started.</param>
    public static void CompileOnce(ProcessStartInfo start)
    {
        if (Environment.GetEnvironmentVariable("SWARM_FLEET_KILLS") is not { Length: > 0 })
        {
            start.Environment["DOTNET_TieredPGO"] = "0";
            start.Environment["DOTNET_TC_CallCountThreshold"] = "1000"; // Hexadecimal.
        }
    }

    private static string ThisFile([CallerFilePath] string source = "") => source;
}
