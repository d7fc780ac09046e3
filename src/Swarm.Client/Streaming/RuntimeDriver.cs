using System.Buffers;
using System.IO.Hashing;
using Swarm.Format.Frames;
using Swarm.Format.Objects;

namespace Swarm.Client.Streaming;

/// <summary>One runtime: steps on a thread of their own, exports by the streamer, and what keeps them apart.</summary>
/// <param name="runtime">The runtime.</param>
/// <param name="history">The inputs that it is to have seen.</param>
/// <param name="steps">Where its steps are computed; the owner disposes of it.</param>
internal sealed class RuntimeDriver(IKvRuntime runtime, InputHistory history, StepWorker steps)
{
    private const int DigestedPositions = 64;
    private const int LongStepTokens = 32;

    // Held while KV is copied out, and while positions go away. A step needs no lock: it only adds positions.
    private readonly Lock _gate = new();
    private readonly float[] _logits = new float[runtime.VocabularySize];
    private int _length = runtime.Length;
    private int _computed = runtime.Length;
    private bool _hasLogits;
    private InvalidOperationException? _lost;
    private InvalidOperationException? _failed;

    /// <summary>The runtime.</summary>
    public IKvRuntime Runtime => runtime;

    /// <summary>Positions whose KV is in the runtime and will not move.</summary>
    public int Computed => Volatile.Read(ref _computed);

    /// <summary>Why KV of the latest positions will not come, as far as is known now; <see langword="null"/> while all is well.</summary>
    /// <remarks>A step that failed is tried again with the next one. A runtime that somebody else has changed is of no use any more.</remarks>
    public InvalidOperationException? Fault => Volatile.Read(ref _lost) ?? Volatile.Read(ref _failed);

    /// <summary>Whether logits behind the last position are there, or there is no position.</summary>
    public bool HasLogits => _hasLogits || history.Length == 0;

    /// <summary>Whether the last step is so long, as of a prompt, that it is not computed once more only because its logits may be asked for.</summary>
    public bool IsLastStepLong => history.Length - history.LastStepStart > LongStepTokens;

    /// <summary>Logits behind the last position; empty when none were computed.</summary>
    public ReadOnlyMemory<float> Logits => _hasLogits ? _logits : default(ReadOnlyMemory<float>);

    /// <summary>Longest step that is recorded: its KV must fit one record.</summary>
    public int MaxStepTokens { get; } = (int)Math.Clamp(
        (KvPayload.MaxBytes - (1 << 20)) / Math.Max(1, runtime.Model.Geometry.BytesPerPosition),
        1,
        Math.Min(runtime.MaxStepTokens, DataPlane.Frames.FrameLimits.MaxAppendTokens));

    /// <summary>Runs something that computes steps where steps are computed. One caller at a time.</summary>
    /// <param name="work">It may call <see cref="CatchUp"/>, <see cref="CatchUpOneStep"/> and <see cref="RequireLogits"/>.</param>
    /// <returns>Its result, or its exception.</returns>
    public Task<T> RunAsync<T>(Func<T> work) => steps.RunAsync(work);

    /// <summary>The same for something that throws nothing, and whose end nobody waits for.</summary>
    /// <param name="work">It may call what <see cref="RunAsync"/> may.</param>
    public void Post(Action work) => steps.Post(work);

    /// <summary>Makes sure that the runtime is as this session left it: what it computes next belongs to this session's inputs.</summary>
    /// <exception cref="InvalidOperationException">Somebody else has changed it.</exception>
    public void RequireUndisturbed()
    {
        if (runtime.Length != _length)
        {
            Lose($"it has {runtime.Length} positions, and this session left it with {_length}", null);
        }

        if (Volatile.Read(ref _lost) is { } lost)
        {
            throw new InvalidOperationException(lost.Message, lost.InnerException);
        }
    }

    /// <summary>Takes the steps that the runtime has not seen, each in its recorded length.</summary>
    /// <returns>Positions computed.</returns>
    public int CatchUp(CancellationToken cancellationToken = default)
    {
        var first = _length;
        while (_length < history.Length)
        {
            CatchUpOneStep(cancellationToken);
        }

        return _length - first;
    }

    /// <summary>Takes the first of the steps that the runtime has not seen; there must be one.</summary>
    /// <returns>Positions computed.</returns>
    public int CatchUpOneStep(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireUndisturbed();
        var first = _length;
        ReadOnlySpan<int> step = history.StepAt(first);

        // Longer steps than this runtime takes come from an agent without one: nothing was computed in them.
        while (!step.IsEmpty)
        {
            var part = Math.Min(step.Length, runtime.MaxStepTokens);
            _hasLogits = false;
            Forward(step[..part]);
            step = step[part..];
        }

        Volatile.Write(ref _failed, null);
        _hasLogits = true;
        Volatile.Write(ref _computed, _length);
        return _length - first;
    }

    /// <summary>Computes the logits behind the last position, if there are none: its step once more, as it was recorded.</summary>
    public void RequireLogits()
    {
        if (!_hasLogits && history.Length > 0)
        {
            RequireUndisturbed();
            Truncate(history.LastStepStart);
            CatchUp();
        }
    }

    /// <summary>Forgets all positions from one on.</summary>
    public void Truncate(int length)
    {
        lock (_gate)
        {
            if (length < _length)
            {
                Volatile.Write(ref _computed, Math.Min(_computed, length));
                runtime.Truncate(Math.Min(length, runtime.Length));
                _length = length;
                _hasLogits = false;
            }
        }
    }

    /// <summary>Forgets all positions, and what was imported and not committed.</summary>
    public void Clear() => CutTo(0);

    /// <summary>Forgets all positions from one on, and what was imported and not committed.</summary>
    public void CutTo(int length)
    {
        Truncate(length);
        lock (_gate)
        {
            runtime.Truncate(Math.Min(length, runtime.Length));
        }
    }

    /// <summary>Notes that positions were imported.</summary>
    public void NoteImported()
    {
        _hasLogits &= runtime.Length == _length;
        _length = runtime.Length;
        Volatile.Write(ref _computed, _length);
    }

    /// <summary>Encodes KV, if it is still there.</summary>
    /// <returns>Whether it was.</returns>
    public bool TryExport(int first, int count, Span<byte> destination)
    {
        lock (_gate)
        {
            if (first + count > _computed)
            {
                return false;
            }

            try
            {
                KvPayload.Encode(runtime.Model.Geometry, first, count, runtime.ReadKv, destination);
                if (runtime.Length < _computed)
                {
                    Lose($"it has {runtime.Length} positions, and this session left it with {_computed} at least", null);
                }
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Lose($"its KV cannot be read ({exception.Message})", exception);
            }

            return first + count <= _computed; // None, once it is lost.
        }
    }

    /// <summary>Whether a run has, byte by byte, the KV that the runtime has. Where steps are computed, or while none is.</summary>
    /// <param name="run">The run, in a buffer.</param>
    /// <param name="first">First position, within the run and the runtime.</param>
    /// <param name="count">Positions.</param>
    /// <returns>Whether it has; not where it is damaged.</returns>
    public bool HasSame(KvRunData run, int first, int count)
    {
        var isSame = true;
        try
        {
            KvPayload.Decode(
                runtime.Model.Geometry,
                run.FirstPosition,
                run.Count,
                run.Frames.Span,
                first,
                count,
                (group, stream, position, positions, source) =>
                {
                    var own = ArrayPool<byte>.Shared.Rent(source.Length);
                    runtime.ReadKv(group, stream, position, positions, own.AsSpan(0, source.Length));
                    isSame &= source.SequenceEqual(own.AsSpan(0, source.Length));
                    ArrayPool<byte>.Shared.Return(own);
                });
            return isSame;
        }
        catch (CorruptObjectException)
        {
            return false;
        }
    }

    /// <summary>XxHash3-128 of KV as it is sent. Where steps are computed, or while none is.</summary>
    /// <param name="first">First position.</param>
    /// <param name="count">Positions, 0 or more.</param>
    public UInt128 Digest(int first, int count)
    {
        var hash = new XxHash128();
        for (var end = first + count; first < end; first += DigestedPositions)
        {
            var part = Math.Min(DigestedPositions, end - first);
            var length = KvPayload.EncodedLength(runtime.Model.Geometry, first, part);
            var encoded = ArrayPool<byte>.Shared.Rent(length);
            KvPayload.Encode(runtime.Model.Geometry, first, part, runtime.ReadKv, encoded);
            hash.Append(encoded.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(encoded);
        }

        return hash.GetCurrentHashAsUInt128();
    }

    private void Forward(ReadOnlySpan<int> tokens)
    {
        try
        {
            runtime.Forward(tokens, _logits);
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _failed, new InvalidOperationException(
                $"The runtime failed to compute positions {_length} to {_length + tokens.Length} ({exception.Message}), so there is no KV of them. "
                + "Their inputs are recorded: the next step tries them again, and a successor computes them.",
                exception));
            throw;
        }

        _length += tokens.Length;
        RequireUndisturbed();
    }

    /// <summary>Gives the runtime up: none of its KV may be taken for this session's any more.</summary>
    private void Lose(string what, Exception? exception)
    {
        Volatile.Write(ref _computed, 0);
        Interlocked.CompareExchange(
            ref _lost,
            new InvalidOperationException(
                $"The runtime is not as this session left it: {what}. It was disposed, or used by somebody else while the session was open. The "
                + "inputs are recorded, and none of the runtime's KV is sent any more. Dispose of the session and open the context again with a "
                + "runtime that nobody else uses: KV that is missing is computed from the inputs.",
                exception),
            null);
    }
}
