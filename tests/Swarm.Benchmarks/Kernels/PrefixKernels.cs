using BenchmarkDotNet.Attributes;
using Swarm.Benchmarks.Paths;
using Swarm.Core.Blocks;

namespace Swarm.Benchmarks.Kernels;

/// <summary>The hash chain over inputs: what each append of a block of 64 costs on its way.</summary>
[MemoryDiagnoser]
public class PrefixKernels
{
    private readonly int[] _block = [.. Enumerable.Range(0, PrefixHasher.DefaultBlockTokens)];
    private readonly PrefixHasher _hasher = new(new TenantKey(new byte[32]), SyntheticModel.Llama8B.Describe().ComputeFingerprint());

    /// <summary>One block.</summary>
    [Benchmark]
    public void AppendBlock() => _hasher.Append(_block);

    /// <summary>One token, and the hash behind it: a decoding step.</summary>
    [Benchmark]
    public BlockHash AppendToken()
    {
        _hasher.Append(_block.AsSpan(0, 1));
        return _hasher.Current();
    }
}
