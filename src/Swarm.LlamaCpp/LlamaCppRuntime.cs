using LLama.Native;
using Swarm.LlamaCpp.Cache;
using Swarm.LlamaCpp.Native;

namespace Swarm;

/// <summary>One sequence of a <see cref="LlamaCppModel"/>, with a llama.cpp context and its KV cache.</summary>
/// <remarks>
/// <para>
/// With flash attention KV is read beside the steps and received in place. Without it the cache's values are transposed: then <see cref="ReadKv"/> waits for a step that
/// is being computed, and <see cref="Memory"/> is <see langword="null"/>. In both cases cell <c>i</c> of the cache holds position <c>i</c>.
/// </para>
/// <para>
/// Positions that were imported but not committed are forgotten by the next <see cref="Forward"/> or <see cref="Truncate"/>. Steps are computed on the caller's thread and
/// those of OpenMP; runtimes of one model compute at the same time. Dispose after the last call on any thread has returned.
/// </para>
/// </remarks>
public sealed class LlamaCppRuntime : IKvRuntime, IKvMemory, IDisposable
{
    /// <summary>Longest step unless another one is asked for.</summary>
    public const int DefaultMaxStepTokens = 512;

    private readonly LlamaSequence _sequence;
    private readonly CacheGeometry _cache;
    private readonly CacheCells _cells;
    private readonly WrittenPositions _written;
    private readonly Lock _llama = new(); // llama.cpp computes, or its state functions are at work.
    private readonly Lock _importing = new(); // Guards the written positions while several threads import.
    private int _length;
    private bool _disposed;

    internal LlamaCppRuntime(LlamaCppModel model, SafeLlamaModelHandle handle, int maxPositions, int maxStepTokens)
    {
        Model = model.Descriptor;
        Fingerprint = Model.ComputeFingerprint();
        Numerics = model.NumericsOf(maxStepTokens);
        VocabularySize = model.Info.VocabularySize;
        MaxPositions = maxPositions;
        MaxStepTokens = maxStepTokens;
        _sequence = new LlamaSequence(handle, model.Settings, maxPositions, maxStepTokens);
        try
        {
            var (layout, rows) = CacheProbe.Run(_sequence, maxStepTokens, VocabularySize);
            _cache = model.GeometryOf(layout);
            _written = new WrittenPositions(_cache.StreamCount, maxPositions);
            _cells = rows.Count > 0 ? new MappedCells(_sequence, layout, rows, maxPositions) : new StateCells(_sequence, layout, handle.SWACount);
        }
        catch
        {
            _sequence.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IKvMemory? Memory => _cells is MappedCells ? this : null;

    /// <inheritdoc/>
    public ModelDescriptor Model { get; }

    /// <inheritdoc/>
    public ModelFingerprint Fingerprint { get; }

    /// <inheritdoc/>
    /// <remarks>Engine with version, commit and digest, instruction set, threads, kind of attention, types of KV, and <see cref="MaxStepTokens"/>, the size of llama.cpp's batch.</remarks>
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
    /// <exception cref="LlamaCppException">llama.cpp failed, as where memory is short; nothing was changed.</exception>
    public void Forward(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (tokens.IsEmpty || tokens.Length > MaxStepTokens)
        {
            throw new ArgumentException($"A step has 1 to {MaxStepTokens} tokens, got {tokens.Length}; feed longer inputs in chunks.", nameof(tokens));
        }

        if (tokens.IndexOfAnyExceptInRange(0, VocabularySize - 1) is >= 0 and var index)
        {
            throw new ArgumentException($"Token {tokens[index]} is outside 0 to {VocabularySize - 1}.", nameof(tokens));
        }

        if (logits.Length < VocabularySize)
        {
            throw new ArgumentException($"There is room for {logits.Length} logits; {VocabularySize} are computed.", nameof(logits));
        }

        var length = _length;
        RequireRoom(length, tokens.Length);
        ForgetImported();
        lock (_llama)
        {
            if (_sequence.Decode(tokens, length) is not 0 and var code)
            {
                throw new LlamaCppException($"llama.cpp failed to compute {tokens.Length} tokens behind {length} positions, code {code}. Take shorter steps, or a machine with more memory.");
            }

            _sequence.Logits(VocabularySize).CopyTo(logits);
        }

        Volatile.Write(ref _length, length + tokens.Length);
    }

    /// <inheritdoc/>
    public void Truncate(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _length);
        ForgetImported();
        if (length == _length)
        {
            return;
        }

        lock (_llama)
        {
            if (!_sequence.Truncate(length))
            {
                throw new LlamaCppException($"llama.cpp did not truncate the sequence from {_length} to {length} positions; nothing was changed.");
            }

            _cells.Truncated();
            Volatile.Write(ref _length, length);
        }
    }

    /// <inheritdoc/>
    public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckRange(group, stream, firstPosition, count, destination.Length, nameof(destination));
        if ((long)firstPosition + count > Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"Positions {firstPosition} to {(long)firstPosition + count} are not all in the cache of {Length}.");
        }

        if (_cells is MappedCells)
        {
            _cells.Read(_cache.Tensors(group, stream), firstPosition, count, destination);
            return;
        }

        lock (_llama)
        {
            _cells.Read(_cache.Tensors(group, stream), firstPosition, count, destination);
        }
    }

    /// <inheritdoc/>
    public void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckRange(group, stream, firstPosition, count, source.Length, nameof(source));
        ReserveImported(firstPosition, count);
        _cells.Write(_cache.Tensors(group, stream), firstPosition, count, source);
        MarkImported(group, stream, firstPosition, count);
    }

    /// <inheritdoc/>
    Memory<byte> IKvMemory.GetRows(int group, int stream, int layer, int firstPosition, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckStream(group, stream, firstPosition, count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)_cache.Tensors(group, stream).Count, nameof(layer));
        ReserveImported(firstPosition, count);
        return (_cells as MappedCells ?? throw new InvalidOperationException("The cache's rows cannot be written in place: Memory is null.")).Rows(_cache.Tensors(group, stream)[layer], firstPosition, count);
    }

    /// <inheritdoc/>
    void IKvMemory.MarkWritten(int group, int stream, int firstPosition, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckStream(group, stream, firstPosition, count);
        RequireRoom(firstPosition, count);
        MarkImported(group, stream, firstPosition, count);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A stream of some position was not written; nothing changed.</exception>
    /// <exception cref="LlamaCppException">llama.cpp does not take them; nothing changed, but what was imported is forgotten.</exception>
    public void CommitImported(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, _length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxPositions);
        int missing;
        lock (_importing)
        {
            missing = _written.FirstMissing(_length, length);
        }

        if (missing >= 0)
        {
            throw new InvalidOperationException($"Position {missing} was not written for every stream; write it, or commit at most {missing} positions.");
        }

        lock (_llama)
        {
            _cells.Commit(_length, length);
        }

        Volatile.Write(ref _length, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _cells.Dispose();
            _sequence.Dispose();
        }
    }

    private void ForgetImported()
    {
        lock (_importing)
        {
            if (_written.End > 0)
            {
                _cells.Forget(_length, _written.End);
                _written.Clear();
            }
        }
    }

    private void ReserveImported(int firstPosition, int count)
    {
        if (firstPosition < _length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstPosition), firstPosition, $"Positions below {_length} are in use; truncate before importing there.");
        }

        RequireRoom(firstPosition, count);
        lock (_importing)
        {
            _written.Reserve(firstPosition, count);
        }
    }

    private void MarkImported(int group, int stream, int firstPosition, int count)
    {
        lock (_importing)
        {
            _written.Add(_cache.FirstStreams[group] + stream, firstPosition, count);
        }
    }

    private void RequireRoom(int firstPosition, int count)
    {
        if ((long)firstPosition + count > MaxPositions)
        {
            throw new InvalidOperationException(
                $"The cache holds {MaxPositions} positions; {count} more behind {firstPosition} do not fit. Truncate, or create the runtime with more.");
        }
    }

    private void CheckRange(int group, int stream, int firstPosition, int count, int bytes, string paramName)
    {
        CheckStream(group, stream, firstPosition, count);
        var kv = Model.Geometry.Groups[group];
        var needed = (long)count * kv.FrameBytesPerPosition(stream);
        if (bytes != needed)
        {
            throw new ArgumentException($"{count} positions of stream '{kv.Streams[stream].Name}' are {needed} bytes, got {bytes}.", paramName);
        }
    }

    private void CheckStream(int group, int stream, int firstPosition, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)Model.Geometry.Groups.Length, nameof(group));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)stream, (uint)Model.Geometry.Groups[group].Streams.Length, nameof(stream));
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
    }
}
