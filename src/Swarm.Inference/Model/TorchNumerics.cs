using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using TorchSharp;

namespace Swarm.Inference.Model;

/// <summary>The numerics identity of this process's libtorch.</summary>
/// <remarks>
/// Measured: the number of threads and the instruction set change sums, and so do the libraries' own switches. The processor's name is a part:
/// oneDNN and MKL choose their kernels by it.
/// </remarks>
internal static class TorchNumerics
{
    private const int MaxSettingLength = 24;

    private static readonly string[] _switches =
    [
        "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "MKL_DYNAMIC", "OMP_DYNAMIC", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",
        "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE", "CUBLAS_WORKSPACE_CONFIG",
    ];

    private static readonly Lazy<string> _engine = new(DescribeEngine);

    /// <summary>Describes what decides the bits of a model's steps.</summary>
    /// <param name="device">Where they are computed.</param>
    /// <param name="computeType">The element type.</param>
    /// <returns>The identity.</returns>
    public static NumericsIdentity Describe(torch.Device device, string computeType)
    {
        List<string> parts =
        [
            _engine.Value,
            device.type == DeviceType.CUDA ? DescribeGpu(device) : $"threads {torch.get_num_threads()}",
            computeType,
            $"on: {LibtorchBuild.TryReadSwitches() ?? "unknown"}",
            .. _switches
                .Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
                .Where(one => !string.IsNullOrEmpty(one.Value))
                .Select(one => $"{one.Name}={Short(one.Value!)}"),
        ];
        var text = string.Join("; ", parts);
        return new NumericsIdentity(
            Encoding.UTF8.GetByteCount(text) <= NumericsIdentity.MaxBytes ? text : $"{_engine.Value}; sha256 {Digest(text)}");
    }

    private static string DescribeEngine()
    {
        var build = LibtorchBuild.TryRead();
        var capability = build?.Capability
            ?? Environment.GetEnvironmentVariable("ATEN_CPU_CAPABILITY") ?? (Avx512F.IsSupported ? "avx512" : Avx2.IsSupported ? "avx2" : "default");
        return string.Join(
            "; ",
            $"libtorch {torch.__version__}{(build is null ? "" : $" build {Digest(build.Configuration)}")}",
            $"{RuntimeInformation.ProcessArchitecture} {Short(capability).ToLowerInvariant()}",
            ProcessorName());
    }

    private static string DescribeGpu(torch.Device device) =>
        $"cuda {GpuName.TryRead(device.index) ?? "unknown"} tf32 {Flag(torch.backends.cuda.matmul.allow_tf32)}/{Flag(torch.backends.cudnn.allow_tf32)}";

    private static string Flag(bool value) => value ? "on" : "off";

    private static string ProcessorName()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004)
        {
            return "unknown processor";
        }

        Span<int> words = stackalloc int[12];
        for (var leaf = 0; leaf < 3; leaf++)
        {
            var (a, b, c, d) = X86Base.CpuId(unchecked((int)0x80000002) + leaf, 0);
            ((ReadOnlySpan<int>)[a, b, c, d]).CopyTo(words[(leaf * 4)..]);
        }

        var name = Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).Replace('\0', ' ');
        return string.Join(' ', name.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Short(string value) => value.Length <= MaxSettingLength && !value.Any(char.IsControl) ? value : Digest(value);

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
