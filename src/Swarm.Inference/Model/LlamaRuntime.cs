using Swarm.Inference.Cache;
using Swarm.Inference.Model;

namespace Swarm.Inference;

/// <summary>One sequence of a <see cref="LlamaModel"/> with its paged KV cache.</summary>
/// <remarks>
/// Positions that were imported but not committed are forgotten by the next <see cref="Forward"/> or
/// <see cref="Truncate"/>. Steps are computed on a thread of the model, one at a time. Dispose after the last call on any thread has returned.
/// </remarks>
public sealed class LlamaRuntime : IKvRuntime, IKvMemory, IDisposable
{
    /// <summary>Longest step unless another one is asked for.</summary>
    public const int DefaultMaxStepTokens = 512;

    private readonly KvBlockPool _pool;
    private readonly bool _ownsPool;
    private readonly BlockTable _table;
    private readonly ImportedPositions _imported;
    private readonly DecoderStep _step;
    private readonly StepThread _thread;
    private readonly Lock _reserving = new(); // Guards the table while several threads import.
    private int _length;
    private bool _disposed;

    internal LlamaRuntime(LlamaModel model, KvBlockPool pool, bool ownsPool, int maxPositions, int maxStepTokens)
    {
        Model = model.Descriptor;
        Fingerprint = Model.ComputeFingerprint();
        Numerics = TorchNumerics.Describe(model.Device, Model.ComputeDType);
        VocabularySize = model.Config.VocabularySize;
        MaxPositions = maxPositions;
        MaxStepTokens = maxStepTokens;
        _pool = pool;
        _ownsPool = ownsPool;
        _table = new BlockTable(pool, maxPositions);
        _imported = new ImportedPositions(Model.Geometry, maxPositions);
        _step = new DecoderStep(model, pool, _table);
        _thread = model.Thread;
    }

    /// <inheritdoc/>
    public IKvMemory? Memory => _pool.IsHostMemory ? this : null;

    /// <inheritdoc/>
    public ModelDescriptor Model { get; }

    /// <inheritdoc/>
    public ModelFingerprint Fingerprint { get; }

    /// <inheritdoc/>
    /// <remarks>As of when the runtime was made: libtorch's settings must not change while it lives.</remarks>
    public NumericsIdentity Numerics { get; }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public int MaxPositions { get; }

    /// <inheritdoc/>
    public int MaxStepTokens { get; }

    /// <inheritdoc/>
    public int Length => Volatile.Read(ref _length);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KvRuntimeArguments.CheckStep(this, tokens, logits);
        var length = _length;
        Reserve(length, tokens.Length);
        _imported.Clear();
        _thread.Run(_step, tokens, length, logits[..VocabularySize]);
        Volatile.Write(ref _length, length + tokens.Length);
    }

    /// <inheritdoc/>
    public void Truncate(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KvRuntimeArguments.CheckTruncate(this, length);
        _imported.Clear();
        Volatile.Write(ref _length, length);
        _table.Trim(length);
    }

    /// <inheritdoc/>
    public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KvRuntimeArguments.CheckRead(this, group, stream, firstPosition, count, destination.Length);
        var rowBytes = Model.Geometry.Groups[group].Streams[stream].RowBytes;
        var layers = Model.Geometry.Groups[group].Layers;
        for (var layer = 0; layer < layers.Length; layer++)
        {
            for (var done = 0; done < count;)
            {
                var (row, run) = _table.Run(firstPosition + done, count - done);
                var start = ((layer * count) + done) * rowBytes;
                _pool.CopyOut(layers[layer], stream, row, destination.Slice(start, run * rowBytes));
                done += run;
            }
        }
    }

    /// <inheritdoc/>
    public void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KvRuntimeArguments.CheckWrite(this, group, stream, firstPosition, count, source.Length);
        ReserveImported(firstPosition, count);
        var rowBytes = Model.Geometry.Groups[group].Streams[stream].RowBytes;
        var layers = Model.Geometry.Groups[group].Layers;
        for (var layer = 0; layer < layers.Length; layer++)
        {
            for (var done = 0; done < count;)
            {
                var (row, run) = _table.Run(firstPosition + done, count - done);
                var start = ((layer * count) + done) * rowBytes;
                _pool.CopyIn(layers[layer], stream, row, source.Slice(start, run * rowBytes));
                done += run;
            }
        }

        _imported.Mark(group, stream, firstPosition, count);
    }

    /// <inheritdoc/>
    Memory<byte> IKvMemory.GetRows(int group, int stream, int layer, int firstPosition, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KvRuntimeArguments.CheckRows(this, group, stream, layer, firstPosition, count);
        ReserveImported(firstPosition, count);
        var (row, run) = _table.Run(firstPosition, count);
        return _pool.Memory(Model.Geometry.Groups[group].Layers[layer], stream, row, run);
    }

    /// <inheritdoc/>
    void IKvMemory.MarkWritten(int group, int stream, int firstPosition, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KvRuntimeArguments.CheckMark(this, group, stream, firstPosition, count);
        _imported.Mark(group, stream, firstPosition, count);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A stream of some position was not written; nothing changed.</exception>
    public void CommitImported(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _imported.CheckCommit(this, length);
        Volatile.Write(ref _length, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _table.Trim(0);
        if (_ownsPool)
        {
            _pool.Dispose();
        }
    }

    private void ReserveImported(int firstPosition, int count)
    {
        lock (_reserving)
        {
            Reserve(firstPosition, count);
        }
    }

    private void Reserve(int firstPosition, int count)
    {
        if (!_table.TryReserve(firstPosition + count))
        {
            throw new InvalidOperationException(
                $"The pool of {_pool.BlockCount} blocks is exhausted; {count} more positions behind {firstPosition} do not fit.");
        }
    }
}
