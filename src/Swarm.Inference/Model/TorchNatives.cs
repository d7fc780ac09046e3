using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Swarm.Inference.Build;
using TorchSharp;

namespace Swarm.Inference.Model;

/// <summary>Loads libtorch, and says clearly why it cannot be loaded.</summary>
/// <remarks>
/// <para>
/// TorchSharp's native library requires GLIBCXX_3.4.32 (GCC 13), which Debian 12 lacks, and uses nothing of it. Where the runtime cannot load the
/// library, a temporary copy is loaded in which the requirement is weak. The build step <c>TorchNatives.targets</c> does the same ahead of time, but
/// does not reach projects that refer to this one from outside the repository.
/// </para>
/// <para>The temporary copy is deleted as soon as it is loaded.</para>
/// </remarks>
internal static class TorchNatives
{
    private const string Library = "libLibTorchSharp.so";
    private const string Version = "GLIBCXX_3.4.32";

    private static readonly Lock _gate = new();
    private static bool _isWatching;
    private static nint _copy;
    private static Exception? _fault;

    /// <summary>Loads libtorch. Before anything else of TorchSharp is used.</summary>
    /// <exception cref="DllNotFoundException">It cannot be loaded; the message says what to do.</exception>
    public static void Load()
    {
        lock (_gate)
        {
            if (!_isWatching && OperatingSystem.IsLinux()
                && AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly) is { } context)
            {
                context.ResolvingUnmanagedDll += Resolve;
                _isWatching = true;
            }
        }

        // Asked for here first: TorchSharp would copy all natives into a folder "cpu", 480 MB, and fail over them once more.
        if (!NativeLibrary.TryLoad("LibTorchSharp", typeof(torch).Assembly, null, out _) && _fault is { } fault)
        {
            throw new DllNotFoundException(Explain(fault.Message), fault);
        }

        try
        {
            Touch();
        }
        catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException or NotSupportedException)
        {
            throw new DllNotFoundException(Explain(null), exception);
        }
    }

    /// <summary>The message for a libtorch that cannot be loaded.</summary>
    /// <param name="reason">Why the copy could not be loaded; <see langword="null"/> where there is none.</param>
    /// <returns>The message.</returns>
    internal static string Explain(string? reason) =>
        "The native libraries of libtorch could not be loaded. "
        + (reason is null
            ? "They come with the package TorchSharp-cpu and belong to the application's output folder: build for this platform, and copy the whole folder."
            : $"The system's libstdc++ is probably older than GCC 13 (it lacks {Version}), and a corrected copy of {Library} could not be loaded "
                + $"from the temporary folder {Path.GetTempPath()}: {reason} Set TMPDIR to a folder that libraries can be loaded from, or import "
                + "TorchNatives.targets of Swarm.Inference in the project; see MODELS.md of Swarm.Inference.");

    /// <summary>Loads a copy of a library in which a required version is weak, and the libraries that it needs from the original's folder.</summary>
    /// <param name="path">The library.</param>
    /// <returns>Its handle; 0 where it does not require the version.</returns>
    internal static nint LoadWeakened(string path)
    {
        var image = File.ReadAllBytes(path);
        if (SymbolVersionWeakener.Weaken(image, Version) == 0)
        {
            return 0;
        }

        // The copy is elsewhere, so that what it needs must be there already: the loader knows it by name then.
        if (Path.Combine(Path.GetDirectoryName(path)!, "libtorch.so") is var needed && File.Exists(needed))
        {
            NativeLibrary.Load(needed);
        }

        var folder = Directory.CreateTempSubdirectory("swarm-torch-");
        try
        {
            var copy = Path.Combine(folder.FullName, Library);
            File.WriteAllBytes(copy, image);
            return NativeLibrary.Load(copy);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Touch() => torch.InitializeDeviceType(DeviceType.CPU);

    private static nint Resolve(Assembly assembly, string name)
    {
        if (assembly != typeof(torch).Assembly || !name.Contains("LibTorchSharp", StringComparison.Ordinal))
        {
            return 0;
        }

        lock (_gate)
        {
            if (_copy == 0 && Find() is { } path)
            {
                try
                {
                    _copy = LoadWeakened(path);
                }
                catch (Exception exception) when (exception
                    is IOException or UnauthorizedAccessException or InvalidDataException or DllNotFoundException or BadImageFormatException)
                {
                    _fault = exception;
                }
            }

            return _copy;
        }
    }

    private static string? Find()
    {
        var folders = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Append(AppContext.BaseDirectory).Select(folder => Path.Combine(folder, Library)).FirstOrDefault(File.Exists);
    }
}
