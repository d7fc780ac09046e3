using BenchmarkDotNet.Attributes;
using Swarm.Benchmarks.Paths;
using Swarm.Format.Frames;

namespace Swarm.Benchmarks.Kernels;

/// <summary>One record of 64 positions of Llama-3-8B, 8 MiB: out of a model's memory, through a silo, into another's.</summary>
[MemoryDiagnoser]
public class KvPayloadKernels : IDisposable
{
    private const int Positions = 64;

    private readonly SyntheticModel _model = SyntheticModel.Llama8B;
    private readonly KvMemory _source;
    private readonly KvMemory _destination;
    private readonly byte[] _frames;
    private readonly byte[] _copy;

    /// <summary>Fills the memory.</summary>
    public KvPayloadKernels()
    {
        _source = new KvMemory(_model.Geometry, Positions);
        _destination = new KvMemory(_model.Geometry, Positions);
        _source.Fill(1);
        _frames = new byte[KvPayload.EncodedLength(_model.Geometry, 0, Positions)];
        _copy = new byte[_frames.Length];
        Encode();
    }

    /// <summary>The reference: the same bytes, copied.</summary>
    [Benchmark(Baseline = true)]
    public void MemCopy() => _frames.CopyTo(_copy, 0);

    /// <summary>Rows out of the model, checksums made.</summary>
    [Benchmark]
    public void Encode() => KvPayload.Encode(_model.Geometry, 0, Positions, _source.Read, _frames);

    /// <summary>Frames checked and copied in one pass.</summary>
    [Benchmark]
    public ulong CopyVerified() => KvPayload.CopyVerified(_model.Geometry, 0, Positions, _frames, _copy);

    /// <summary>Frames checked, and their rows put into the model.</summary>
    [Benchmark]
    public void Decode() => KvPayload.Decode(_model.Geometry, 0, Positions, _frames, 0, Positions, _destination.Write);

    /// <inheritdoc/>
    public void Dispose()
    {
        _source.Dispose();
        _destination.Dispose();
        GC.SuppressFinalize(this);
    }
}
