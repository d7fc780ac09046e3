using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using LLama.Native;

namespace Swarm.LlamaCpp.Native;

/// <summary>Finds the build of llama.cpp for this machine among those that LLamaSharp.Backend.Cpu puts beside a program.</summary>
/// <remarks>Only beside the program and beside LLamaSharp: a library from the working directory, where LLamaSharp looks first, is nobody's choice.</remarks>
internal static class NativeFolder
{
    private static readonly string[] _x64Builds = ["avx512", "avx2", "avx", "noavx"];

    /// <summary>Name of the main library's file.</summary>
    public static string MainFile => FileOf("llama");

    /// <summary>The file of a library.</summary>
    public static string FileOf(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    /// <summary>Finds the folder.</summary>
    /// <param name="instructionSet">One of <see cref="LlamaCppOptions.InstructionSet"/>.</param>
    /// <returns>Full path of the folder.</returns>
    /// <exception cref="LlamaCppException">The processor cannot run it, or it is not there.</exception>
    public static string Find(string instructionSet)
    {
        var platform = Platform();
        var build = platform is "linux-x64" or "linux-musl-x64" or "win-x64" ? Build(instructionSet) : "";
        if (build.Length == 0 && instructionSet != "auto")
        {
            throw new LlamaCppException($"InstructionSet '{instructionSet}' is of x64, and this is {platform}: there is one build for it. Set it to auto.");
        }

        string[] roots = [AppContext.BaseDirectory, Path.GetDirectoryName(typeof(NativeApi).Assembly.Location) ?? ""];
        var folders = roots.Where(root => root.Length > 0).Distinct().Select(root => Path.Combine(root, "runtimes", platform, "native", build)).ToArray();
        return Array.Find(folders, folder => File.Exists(Path.Combine(folder, MainFile)))
            ?? throw new LlamaCppException(
                $"{MainFile} of llama.cpp is not in {string.Join(" nor in ", folders)}. Publish the program with all of the folder 'runtimes', and for this "
                + $"platform: dotnet publish -r {platform}.");
    }

    private static string Platform()
    {
        var processor = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            var other => throw new LlamaCppException($"There is no build of llama.cpp for {other}; x64 and arm64 are supported."),
        };
        return OperatingSystem.IsWindows() ? $"win-{processor}"
            : OperatingSystem.IsMacOS() ? $"osx-{processor}"
            : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? $"linux-musl-{processor}"
            : $"linux-{processor}";
    }

    private static string Build(string instructionSet)
    {
        // What each build was compiled for; a processor without it would end the process.
        var best = Avx512F.IsSupported && Avx512BW.IsSupported && Avx512Vbmi.IsSupported && HasVnni() ? 0
            : Avx2.IsSupported && Fma.IsSupported && Bmi2.IsSupported ? 1
            : Avx.IsSupported ? 2
            : 3;
        if (instructionSet == "auto")
        {
            return _x64Builds[best];
        }

        return Array.IndexOf(_x64Builds, instructionSet) >= best
            ? instructionSet
            : throw new LlamaCppException($"InstructionSet '{instructionSet}' is more than this processor has, '{_x64Builds[best]}'. Set it to that, or to auto.");
    }

    private static bool HasVnni() => (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
}
