using Swarm.Core.Inference;
using Swarm.Format.Frames;

namespace Swarm.Client.Streaming;

/// <summary>One runtime: steps by the session's thread, exports by the streamer's, and what keeps them apart.</summary>
/// <param name="runtime">The runtime.</param>
/// <param name="history">The inputs that it is to have seen.</param>
internal sealed class RuntimeDriver(IKvRuntime runtime, InputHistory history)
{
    // Held while KV is copied out, and while positions go away. A step needs no lock: it only adds positions.
    private readonly Lock _gate = new();
    private readonly float[] _logits = new float[runtime.VocabularySize];
    private int _computed = runtime.Length;
    private bool _hasLogits;

    /// <summary>The runtime.</summary>
    public IKvRuntime Runtime => runtime;

    /// <summary>Positions whose KV is in the runtime and will not move.</summary>
    public int Computed => Volatile.Read(ref _computed);

    /// <summary>Logits behind the last position; empty when none were computed.</summary>
    public ReadOnlyMemory<float> Logits => _hasLogits ? _logits : default(ReadOnlyMemory<float>);

    /// <summary>Longest step that is recorded: its KV must fit one record.</summary>
    public int MaxStepTokens { get; } = (int)Math.Clamp(
        (KvPayload.MaxBytes - (1 << 20)) / Math.Max(1, runtime.Model.Geometry.BytesPerPosition),
        1,
        Math.Min(runtime.MaxStepTokens, DataPlane.Frames.FrameLimits.MaxAppendTokens));

    /// <summary>Takes the steps that the runtime has not seen, each in its recorded length.</summary>
    /// <returns>Positions computed.</returns>
    public int CatchUp(CancellationToken cancellationToken = default)
    {
        var first = runtime.Length;
        while (runtime.Length < history.Length)
        {
            CatchUpOneStep(cancellationToken);
        }

        return runtime.Length - first;
    }

    /// <summary>Takes the first of the steps that the runtime has not seen; there must be one.</summary>
    /// <returns>Positions computed.</returns>
    public int CatchUpOneStep(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var first = runtime.Length;
        ReadOnlySpan<int> step = history.StepAt(first);

        // Longer steps than this runtime takes come from an agent without one: nothing was computed in them.
        while (!step.IsEmpty)
        {
            var part = Math.Min(step.Length, runtime.MaxStepTokens);
            _hasLogits = false;
            runtime.Forward(step[..part], _logits);
            step = step[part..];
        }

        _hasLogits = true;
        Volatile.Write(ref _computed, runtime.Length);
        return runtime.Length - first;
    }

    /// <summary>Computes the logits behind the last position, if there are none: its step once more, as it was recorded.</summary>
    public void RequireLogits()
    {
        if (!_hasLogits && history.Length > 0)
        {
            Truncate(history.LastStepStart);
            CatchUp();
        }
    }

    /// <summary>Forgets all positions from one on.</summary>
    public void Truncate(int length)
    {
        lock (_gate)
        {
            if (length < runtime.Length)
            {
                Volatile.Write(ref _computed, Math.Min(_computed, length));
                runtime.Truncate(length);
                _hasLogits = false;
            }
        }
    }

    /// <summary>Forgets all positions, and what was imported and not committed.</summary>
    public void Clear()
    {
        Truncate(0);
        runtime.Truncate(0);
    }

    /// <summary>Notes that positions were imported.</summary>
    public void NoteImported()
    {
        Volatile.Write(ref _computed, runtime.Length);
        _hasLogits = false;
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

            KvPayload.Encode(runtime.Model.Geometry, first, count, runtime.ReadKv, destination);
            return true;
        }
    }
}
