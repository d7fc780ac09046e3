using System.Runtime.InteropServices;
using Swarm.Inference.Model;
using Xunit;

namespace Swarm.Inference.Tests.Model;

/// <summary>What decides the bits is told, and is the same for the same settings.</summary>
public sealed class TorchNumericsTests
{
    [Fact]
    public void Numerics_OfTwoRuntimes_AreTheSameAndNameWhatDecides()
    {
        using var model = Samples.Model();
        using var one = model.CreateRuntime(64);
        using var other = model.CreateRuntime(128);

        Assert.True(one.Numerics.Matches(other.Numerics));
        var text = one.Numerics.ToString();
        Assert.Contains($"; threads {TorchThreads.Count}; float32; on: ", text, StringComparison.Ordinal);
        Assert.StartsWith("libtorch ", text, StringComparison.Ordinal);
    }

    // A C++ string is read where it is known how it comes back.
    [Fact]
    public void TryRead_OnLinuxForX64_GivesTheBuildAndTheInstructionSet()
    {
        using var model = Samples.Model(); // libtorch is loaded with it.

        var build = LibtorchBuild.TryRead();

        var isReadable = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;
        Assert.Equal(isReadable, build is not null);
        Assert.Equal(isReadable ? "onednn" : null, LibtorchBuild.TryReadSwitches());
        Assert.Contains(isReadable ? "PyTorch built with" : "", build?.Configuration ?? "", StringComparison.Ordinal);
        Assert.Contains($"CPU capability usage: {build?.Capability}"[..(isReadable ? ^0 : 0)], build?.Configuration ?? "", StringComparison.Ordinal);
    }
}
