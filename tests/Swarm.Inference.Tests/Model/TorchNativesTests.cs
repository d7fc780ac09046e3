using System.Reflection;
using Swarm.Inference.Model;
using Xunit;

namespace Swarm.Inference.Tests.Model;

/// <summary>Loading libtorch's native library where the system's libstdc++ is too old for it.</summary>
public sealed class TorchNativesTests
{
    private const string Library = "libLibTorchSharp.so";

    [Fact]
    public void LoadWeakened_PackagesLibrary_LoadsItAndLeavesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The library is Linux's.");
        var packages = typeof(TorchNativesTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "Packages").Value!;
        var original = Directory.EnumerateFiles(Path.Combine(packages, "torchsharp"), Library, SearchOption.AllDirectories).First();
        TorchThreads.Ensure(); // What the library needs is there by name then.

        Assert.NotEqual(0, TorchNatives.LoadWeakened(original));

        var maps = File.ReadLines("/proc/self/maps").Where(line => line.Contains("swarm-torch-", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(maps);
        Assert.All(maps, line => Assert.EndsWith("(deleted)", line, StringComparison.Ordinal));
    }

    [Fact]
    public void LoadWeakened_LibraryThatDoesNotRequireTheVersion_LoadsNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The library is Linux's.");
        var other = Directory.EnumerateFiles(AppContext.BaseDirectory, "libc10.so", SearchOption.AllDirectories).First();

        Assert.Equal(0, TorchNatives.LoadWeakened(other));
    }

    [Fact]
    public void Explain_CopyThatCannotBeLoaded_NamesCauseAndRemedy()
    {
        var text = TorchNatives.Explain("No space left on device.");

        Assert.Contains("GCC 13", text, StringComparison.Ordinal);
        Assert.Contains("No space left on device.", text, StringComparison.Ordinal);
        Assert.Contains("TorchNatives.targets", text, StringComparison.Ordinal);
        Assert.Contains("TorchSharp-cpu", TorchNatives.Explain(null), StringComparison.Ordinal);
    }
}
