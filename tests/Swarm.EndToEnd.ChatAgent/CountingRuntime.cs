namespace Swarm.EndToEnd.ChatAgent;

/// <summary>A runtime that counts what it computes.</summary>
internal sealed class CountingRuntime(IKvRuntime inner) : IKvRuntime, IDisposable
{
    private static long _computed;

    /// <summary>Positions that all of them have computed.</summary>
    public static long Computed => Interlocked.Read(ref _computed);

    public IKvMemory? Memory => inner.Memory;

    public ModelDescriptor Model => inner.Model;

    public ModelFingerprint Fingerprint => inner.Fingerprint;

    public NumericsIdentity Numerics => inner.Numerics;

    public int VocabularySize => inner.VocabularySize;

    public int MaxPositions => inner.MaxPositions;

    public int MaxStepTokens => inner.MaxStepTokens;

    public int Length => inner.Length;

    public void Forward(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        inner.Forward(tokens, logits);
        Interlocked.Add(ref _computed, tokens.Length);
    }

    public void Truncate(int length) => inner.Truncate(length);

    public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination) =>
        inner.ReadKv(group, stream, firstPosition, count, destination);

    public void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source) =>
        inner.WriteKv(group, stream, firstPosition, count, source);

    public void CommitImported(int length) => inner.CommitImported(length);

    public void Dispose() => (inner as IDisposable)?.Dispose();
}
