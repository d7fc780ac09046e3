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
    private readonly Lock _importing = new(); // Guards the table and the imported positions while several threads import.
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
        _imported = new ImportedPositions(Model.Geometry.Groups.Length, maxPositions);
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
        if (tokens.IsEmpty || tokens.Length > MaxStepTokens)
        {
            throw new ArgumentException(
                $"A step has 1 to {MaxStepTokens} tokens, got {tokens.Length}; feed longer inputs in chunks.", nameof(tokens));
        }

        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)VocabularySize)
            {
                throw new ArgumentException($"Token {token} is outside 0 to {VocabularySize - 1}.", nameof(tokens));
            }
        }

        if (logits.Length < VocabularySize)
        {
            throw new ArgumentException(
                $"There is room for {logits.Length} logits; {VocabularySize} are computed.", nameof(logits));
        }

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
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _length);
        _imported.Clear();
        Volatile.Write(ref _length, length);
        _table.Trim(length);
    }

    /// <inheritdoc/>
    public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var rowBytes = CheckRange(group, stream, firstPosition, count, destination.Length, nameof(destination));
        if ((long)firstPosition + count > Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"Positions {firstPosition} to {(long)firstPosition + count} are not all in the cache of {Length}.");
        }

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
        var rowBytes = CheckRange(group, stream, firstPosition, count, source.Length, nameof(source));
        ReserveImported(firstPosition, count);
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

        MarkImported(group, stream, firstPosition, count);
    }

    /// <inheritdoc/>
    Memory<byte> IKvMemory.GetRows(int group, int stream, int layer, int firstPosition, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckStream(group, stream, firstPosition, count);
        var layers = Model.Geometry.Groups[group].Layers;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)layers.Length, nameof(layer));
        ReserveImported(firstPosition, count);
        var (row, run) = _table.Run(firstPosition, count);
        return _pool.Memory(layers[layer], stream, row, run);
    }

    /// <inheritdoc/>
    void IKvMemory.MarkWritten(int group, int stream, int firstPosition, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckStream(group, stream, firstPosition, count);
        MarkImported(group, stream, firstPosition, count);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A stream of some position was not written; nothing changed.</exception>
    public void CommitImported(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, _length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxPositions);
        int missing;
        lock (_importing)
        {
            missing = _imported.FirstMissing(_length, length);
        }

        if (missing >= 0)
        {
            throw new InvalidOperationException(
                $"Position {missing} was not written for every stream; write it, or commit at most {missing} positions.");
        }

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
        if (firstPosition < _length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstPosition), firstPosition, $"Positions below {_length} are in use; truncate before importing there.");
        }

        lock (_importing)
        {
            Reserve(firstPosition, count);
        }
    }

    private void MarkImported(int group, int stream, int firstPosition, int count)
    {
        lock (_importing)
        {
            _imported.Add(group, stream, firstPosition, count);
        }
    }

    private void Reserve(int firstPosition, int count)
    {
        if ((long)firstPosition + count > MaxPositions)
        {
            throw new InvalidOperationException(
                $"The cache holds {MaxPositions} positions; {count} more behind {firstPosition} do not fit. Truncate, or "
                + "create the runtime with more.");
        }

        if (!_table.TryReserve(firstPosition + count))
        {
            throw new InvalidOperationException(
                $"The pool of {_pool.BlockCount} blocks is exhausted; {count} more positions behind {firstPosition} do not fit.");
        }
    }

    private int CheckRange(int group, int stream, int firstPosition, int count, int bytes, string paramName)
    {
        CheckStream(group, stream, firstPosition, count);
        var kv = Model.Geometry.Groups[group];
        var rowBytes = kv.Streams[stream].RowBytes;
        var needed = (long)count * rowBytes * kv.Layers.Length;
        return bytes == needed
            ? rowBytes
            : throw new ArgumentException(
                $"{count} positions of stream '{kv.Streams[stream].Name}' are {needed} bytes, got {bytes}.", paramName);
    }

    private void CheckStream(int group, int stream, int firstPosition, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)Model.Geometry.Groups.Length, nameof(group));
        ArgumentOutOfRangeException.ThrowIfNegative(stream);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stream, KvBlockPool.Streams);
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
    }
}
