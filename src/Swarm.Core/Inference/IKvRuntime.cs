
namespace Swarm;

/// <summary>A model with one sequence and its KV cache, as Swarm sees it.</summary>
/// <remarks>
/// <para>
/// One thread at a time may call <see cref="Forward"/>, <see cref="Truncate"/>, <see cref="WriteKv"/> and
/// <see cref="CommitImported"/>. <see cref="ReadKv"/> may run at the same time as <see cref="Forward"/>, for positions
/// below the length that the step started with: they do not change or move. It must not run during
/// <see cref="Truncate"/> below its range.
/// </para>
/// <para>
/// The same steps on the same KV give the same bits, where <see cref="Numerics"/> is the same. A step's length is part
/// of "same": steps are recorded with the inputs.
/// </para>
/// </remarks>
public interface IKvRuntime
{
    /// <summary>The cache, to be written in place; <see langword="null"/> where it is a device's, or must not be.</summary>
    IKvMemory? Memory => null;

    /// <summary>What the model is; its geometry says how KV is laid out.</summary>
    ModelDescriptor Model { get; }

    /// <summary>Fingerprint of <see cref="Model"/>.</summary>
    ModelFingerprint Fingerprint { get; }

    /// <summary>
    /// What decides the bits beside the model and its inputs; does not change while the runtime lives. Kept with the context: a successor
    /// with another one loads the KV all the same, and is told that bits may differ.
    /// </summary>
    NumericsIdentity Numerics => NumericsIdentity.Unknown;

    /// <summary>Number of token ids: valid ones are 0 to this less 1.</summary>
    int VocabularySize { get; }

    /// <summary>Most positions that the cache can hold.</summary>
    int MaxPositions { get; }

    /// <summary>Longest step that <see cref="Forward"/> takes; longer inputs are prefilled in chunks of it.</summary>
    int MaxStepTokens { get; }

    /// <summary>Positions in the cache.</summary>
    int Length { get; }

    /// <summary>One step: computes KV of the next positions, and the logits behind the last.</summary>
    /// <param name="tokens">1 to <see cref="MaxStepTokens"/> token ids.</param>
    /// <param name="logits">Receives <see cref="VocabularySize"/> logits of the last position, as fp32.</param>
    /// <exception cref="ArgumentException">A token is out of range, or <paramref name="logits"/> too short.</exception>
    /// <exception cref="InvalidOperationException">The cache is full; nothing was changed.</exception>
    void Forward(ReadOnlySpan<int> tokens, Span<float> logits);

    /// <summary>Forgets all positions from one on.</summary>
    /// <param name="length">Positions to keep, 0 to <see cref="Length"/>.</param>
    void Truncate(int length);

    /// <summary>Copies KV out.</summary>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions.</param>
    /// <param name="destination">Receives [layer of the group][position][row], exactly that many bytes.</param>
    void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination);

    /// <summary>Copies KV in, for positions at or behind <see cref="Length"/>; visible after <see cref="CommitImported"/>.</summary>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions.</param>
    /// <param name="source">[layer of the group][position][row], exactly that many bytes.</param>
    void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source);

    /// <summary>Takes imported positions into the sequence, once every group and stream of them was written.</summary>
    /// <param name="length">The new length, at least <see cref="Length"/>.</param>
    void CommitImported(int length);
}
