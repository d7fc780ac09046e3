using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.Inference.Model;

/// <summary>What libtorch tells of its build, and of the instruction set that it has chosen.</summary>
/// <param name="Configuration">The text of <c>at::show_config()</c>: compiler, libraries and their versions, switches of the build.</param>
/// <param name="Capability">The instruction set of <c>at::get_cpu_capability()</c>.</param>
internal sealed record LibtorchBuild(string Configuration, string Capability)
{
    private const string Library = "libtorch_cpu.so";

    private static readonly (string Name, string Symbol)[] _switches =
    [
        ("deterministic", "_ZNK2at7Context23deterministicAlgorithmsEv"),
        ("deterministic-onednn", "_ZNK2at7Context19deterministicMkldnnEv"),
        ("deterministic-cudnn", "_ZNK2at7Context18deterministicCuDNNEv"),
        ("onednn", "_ZNK2at7Context17userEnabledMkldnnEv"),
    ];

    /// <summary>Reads it where it can be: a C++ string is returned through a hidden pointer, as on Linux for x64.</summary>
    /// <returns>What it tells, or <see langword="null"/> elsewhere.</returns>
    public static LibtorchBuild? TryRead()
    {
        if (!TryLoad(out var library))
        {
            return null;
        }

        return Read(library, "_ZN2at11show_configB5cxx11Ev") is { } configuration
            && Read(library, "_ZN2at18get_cpu_capabilityB5cxx11Ev") is { } capability
                ? new LibtorchBuild(configuration, capability)
                : null;
    }

    /// <summary>Reads the switches that change sums, as they are now.</summary>
    /// <returns>The names of those that are on, divided by blanks; <see langword="null"/> where they cannot be read.</returns>
    public static unsafe string? TryReadSwitches()
    {
        if (!TryLoad(out var library) || !NativeLibrary.TryGetExport(library, "_ZN2at13globalContextEv", out var context))
        {
            return null;
        }

        var at = ((delegate* unmanaged[Cdecl]<void*>)context)();
        List<string> on = [];
        foreach (var (name, symbol) in _switches)
        {
            if (!NativeLibrary.TryGetExport(library, symbol, out var getter))
            {
                return null;
            }

            if (((delegate* unmanaged[Cdecl]<void*, byte>)getter)(at) != 0)
            {
                on.Add(name);
            }
        }

        return string.Join(' ', on);
    }

    private static bool TryLoad(out nint library)
    {
        library = 0;
        return OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
            && NativeLibrary.TryLoad(Library, typeof(LibtorchBuild).Assembly, null, out library);
    }

    private static unsafe string? Read(nint library, string symbol)
    {
        if (!NativeLibrary.TryGetExport(library, symbol, out var function))
        {
            return null;
        }

        // std::string of libstdc++: where the characters are, how many, then room for 16 in place.
        var text = default(NativeString);
        ((delegate* unmanaged[Cdecl]<NativeString*, NativeString*>)function)(&text);
        var read = Encoding.UTF8.GetString(text.Characters, checked((int)text.Length));
        if ((nint)text.Characters != (nint)(&text.InPlace))
        {
            NativeMemory.Free(text.Characters);
        }

        return read;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct NativeString
    {
        public byte* Characters;
        public nuint Length;
        public Int128 InPlace;
    }
}
