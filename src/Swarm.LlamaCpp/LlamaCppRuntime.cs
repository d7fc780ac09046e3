using System.Runtime.ExceptionServices;
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
    private readonly ImportedPositions _imported;
    private readonly Lock _llama = new(); // llama.cpp computes, or its state functions are at work.
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
            var (layout, rows) = OnOwnThread(() => CacheProbe.Run(_sequence, maxStepTokens, VocabularySize));
            _cache = model.GeometryOf(layout);
            _imported = new ImportedPositions(Model.Geometry, maxPositions);
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
        KvRuntimeArguments.CheckStep(this, tokens, logits);
        var length = _length;
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
        KvRuntimeArguments.CheckTruncate(this, length);
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
        KvRuntimeArguments.CheckRead(this, group, stream, firstPosition, count, destination.Length);
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
        KvRuntimeArguments.CheckWrite(this, group, stream, firstPosition, count, source.Length);
        _imported.Reserve(firstPosition, count);
        _cells.Write(_cache.Tensors(group, stream), firstPosition, count, source);
        _imported.Mark(group, stream, firstPosition, count);
    }

    /// <inheritdoc/>
    Memory<byte> IKvMemory.GetRows(int group, int stream, int layer, int firstPosition, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KvRuntimeArguments.CheckRows(this, group, stream, layer, firstPosition, count);
        _imported.Reserve(firstPosition, count);
        return (_cells as MappedCells ?? throw new InvalidOperationException("The cache's rows cannot be written in place: Memory is null.")).Rows(_cache.Tensors(group, stream)[layer], firstPosition, count);
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
    /// <exception cref="LlamaCppException">llama.cpp does not take them; nothing changed, but what was imported is forgotten.</exception>
    public void CommitImported(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _imported.CheckCommit(this, length);
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

    // OpenMP keeps threads for each thread that ever computed a step, for as long as it lives, and once there are more than processors none of them spins any more.
    private static T OnOwnThread<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? fault = null;
        var thread = new Thread(Work) { IsBackground = true, Name = "llama.cpp probe" };
        thread.Start();
        thread.Join();
        fault?.Throw();
        return result;

        void Work()
        {
            try
            {
                result = work();
            }
            catch (Exception exception)
            {
                fault = ExceptionDispatchInfo.Capture(exception);
            }
        }
    }

    private void ForgetImported()
    {
        if (_imported.End is > 0 and var end)
        {
            _cells.Forget(_length, end);
            _imported.Clear();
        }
    }
}
