using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using LLama.Native;

namespace Swarm.LlamaCpp.Native;

/// <summary>llama.cpp in this process: loaded once, for all models.</summary>
internal static partial class LlamaLibrary
{
    // What changes bits, or how KV is kept, and is read from the environment by the libraries.
    private static readonly string[] _switches = ["GGML_CPU_DISABLE_FUSION", "OMP_THREAD_LIMIT", "OMP_DYNAMIC"];
    private static readonly string[] _parts = ["ggml-base", "ggml-cpu", "ggml", "llama"];

    private static readonly Lock _loading = new();
    private static string? _folder;
    private static bool _spins;
    private static nint _llama;
    private static nint _ggml;

    /// <summary>Engine, build and instruction set, for the numerics identity.</summary>
    public static string Identity { get; private set; } = "";

    /// <summary>The engine and its version.</summary>
    public static string Engine { get; private set; } = "";

    /// <summary>Loads the library, or checks that the one that is loaded is the one asked for.</summary>
    /// <exception cref="LlamaCppException">It cannot be loaded, or another build or setting of it is loaded; the message says why, and what to do.</exception>
    public static void Ensure(LlamaCppOptions options)
    {
        lock (_loading)
        {
            if (_folder is null)
            {
                Load(options);
                return;
            }

            if (options.InstructionSet != "auto" && NativeFolder.Find(options.InstructionSet) != _folder)
            {
                throw new LlamaCppException(
                    $"InstructionSet '{options.InstructionSet}' cannot be had: this process loaded llama.cpp from {_folder} for an earlier model. Give all models the same.");
            }

            if (options.IdleThreadsSpin != _spins)
            {
                throw new LlamaCppException(
                    $"IdleThreadsSpin {options.IdleThreadsSpin} cannot be had: this process loaded llama.cpp with {_spins} for an earlier model. Give all models the same.");
            }
        }
    }

    private static void Load(LlamaCppOptions options)
    {
        if (NativeLibraryConfig.LLama.LibraryHasLoaded)
        {
            throw new LlamaCppException(
                "LLamaSharp loaded llama.cpp before LlamaCppModel did, and its build is not known. Load the first LlamaCppModel before LLamaSharp is used; both then use the same.");
        }

        if (Environment.GetEnvironmentVariable("LLAMA_ATTN_ROT_DISABLE") is { Length: > 0 } rotation and not "0")
        {
            throw new LlamaCppException(
                $"The environment variable LLAMA_ATTN_ROT_DISABLE is '{rotation}': it changes what quantized KV means, which the fingerprint does not tell. Remove it.");
        }

        var folder = NativeFolder.Find(options.InstructionSet);
        if (!options.IdleThreadsSpin && !OperatingSystem.IsWindows())
        {
            // A short spin (README, "Threads that wait"). The library reads the process's own environment, which .NET copied at its start.
            _ = SetVariable("GOMP_SPINCOUNT", "300", overwrite: 0);
        }

        foreach (var part in _parts)
        {
            try
            {
                var handle = NativeLibrary.Load(Path.Combine(folder, NativeFolder.FileOf(part)));
                (_llama, _ggml) = (part == LlamaNative.Llama ? handle : _llama, part == LlamaNative.Ggml ? handle : _ggml);
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
            {
                throw new LlamaCppException(
                    $"llama.cpp cannot be loaded from {folder}: {error.Message.ReplaceLineEndings(" ")} On Linux it needs the package libgomp1, and glibc 2.34 on x64, 2.38 on arm64.",
                    error);
            }
        }

        NativeLibrary.SetDllImportResolver(typeof(LlamaNative).Assembly, static (name, _, _) => name switch
        {
            LlamaNative.Llama => _llama,
            LlamaNative.Ggml => _ggml,
            _ => 0,
        });
        NativeLibraryConfig.All.WithLogCallback(LlamaLog.Write);
        NativeLibraryConfig.LLama.WithLibrary(Path.Combine(folder, NativeFolder.MainFile));
        NativeApi.llama_empty_call(); // Its class initialiser loads the same files, and sets llama.cpp up.
        Engine = DescribeEngine();
        Identity = Describe(folder);
        (_folder, _spins) = (folder, options.IdleThreadsSpin);
    }

    private static unsafe string DescribeEngine() =>
        $"llama.cpp, ggml {LlamaNative.Text(LlamaNative.GgmlVersion())} {LlamaNative.Text(LlamaNative.GgmlCommit())}";

    private static unsafe string Describe(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in _parts)
        {
            hash.AppendData(File.ReadAllBytes(Path.Combine(folder, NativeFolder.FileOf(part))));
        }

        var features = Feature().Matches(LlamaNative.Text(LlamaNative.SystemInfo())).Select(match => match.Groups[1].Value.ToLowerInvariant());
        return string.Join(
            "; ",
            [
                Engine,
                $"natives {Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}",
                $"{RuntimeInformation.ProcessArchitecture} {string.Join(' ', features)}".ToLowerInvariant(),
                .. _switches
                    .Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
                    .Where(one => one.Value is { Length: > 0 and <= 16 })
                    .Select(one => $"{one.Name}={one.Value}"),
            ]);
    }

    [GeneratedRegex(@"(\w+) = 1\b")]
    private static partial Regex Feature();

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
