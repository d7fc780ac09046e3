namespace Swarm.Benchmarks.Paths;

/// <summary>A runtime that has been computed before: its steps cost nothing, and its KV is that of the other one, for the same inputs in the same steps.</summary>
/// <param name="computed">The runtime that has all positions.</param>
internal sealed class ReplayRuntime(IKvRuntime computed) : IKvRuntime
{
    /// <inheritdoc/>
    public ModelDescriptor Model => computed.Model;

    /// <inheritdoc/>
    public ModelFingerprint Fingerprint => computed.Fingerprint;

    /// <inheritdoc/>
    public NumericsIdentity Numerics => computed.Numerics;

    /// <inheritdoc/>
    public int VocabularySize => computed.VocabularySize;

    /// <inheritdoc/>
    public int MaxPositions => computed.MaxPositions;

    /// <inheritdoc/>
    public int MaxStepTokens => computed.MaxStepTokens;

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        if (Length + tokens.Length > computed.Length)
        {
            throw new InvalidOperationException($"Only {computed.Length} positions were computed.");
        }

        Length += tokens.Length;
        logits.Clear(); // Nobody samples from them.
    }

    /// <inheritdoc/>
    public void Truncate(int length) => Length = length;

    /// <inheritdoc/>
    public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination) =>
        computed.ReadKv(group, stream, firstPosition, count, destination);

    /// <inheritdoc/>
    public void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source) =>
        throw new NotSupportedException("What was computed before is not loaded.");

    /// <inheritdoc/>
    public void CommitImported(int length) => throw new NotSupportedException("What was computed before is not loaded.");
}
