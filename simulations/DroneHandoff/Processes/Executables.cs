using System.Reflection;
using System.Runtime.InteropServices;

namespace DroneHandoff.Processes;

/// <summary>How to start this program again, and the silo that was built with it.</summary>
internal static class Executables
{
    /// <summary>Folder of the silo's program beside this one; the build copies it there.</summary>
    private const string SiloFolder = "silo";

    /// <summary>This program.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What to start.</returns>
    public static (string Command, IEnumerable<string> Arguments) Self(params string[] arguments) =>
        (Dotnet(), ["exec", Assembly.GetExecutingAssembly().Location, .. arguments]);

    /// <summary>The silo, watched by this program: it ends with its parent.</summary>
    /// <param name="arguments">The silo's arguments.</param>
    /// <returns>What to start.</returns>
    /// <exception cref="DemoException">It was not built.</exception>
    public static (string Command, IEnumerable<string> Arguments) Silo(IEnumerable<string> arguments)
    {
        var path = Path.Combine(AppContext.BaseDirectory, SiloFolder, "Swarm.Host.dll");
        return File.Exists(path)
            ? (Dotnet(), ["exec", path, .. arguments])
            : throw new DemoException($"There is no silo at '{path}': build simulations/DroneHandoff again.");
    }

    // The program that runs this process's runtime, wherever .NET is installed.
    private static string Dotnet()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var root = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..");
        var path = Path.GetFullPath(Path.Combine(root, name));
        return File.Exists(path) ? path : name;
    }
}
