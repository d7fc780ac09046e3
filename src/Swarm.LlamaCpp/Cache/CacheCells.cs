using Swarm.LlamaCpp.Native;

namespace Swarm.LlamaCpp.Cache;

/// <summary>The rows of a cache: how they are read, and how imported ones become a part of the sequence.</summary>
/// <param name="sequence">The sequence.</param>
/// <param name="layout">Layout of its states.</param>
internal abstract class CacheCells(LlamaSequence sequence, StateLayout layout) : IDisposable
{
    private const long PieceBytes = 16 << 20;

    /// <summary>A state, of positions that are read or taken in.</summary>
    protected NativeBuffer Buffer { get; } = new();

    /// <summary>The sequence.</summary>
    protected LlamaSequence Sequence { get; } = sequence;

    /// <summary>Layout of its states.</summary>
    protected StateLayout Layout { get; } = layout;

    /// <summary>Positions of a state that has a size which is convenient.</summary>
    protected int PiecePositions { get; init; } = (int)Math.Clamp(PieceBytes / layout.Size(1), 1, 4096);

    /// <summary>Copies rows out of positions that are in the sequence.</summary>
    /// <param name="tensors">Tensors of a stream, layer by layer.</param>
    /// <param name="first">First position.</param>
    /// <param name="count">Positions.</param>
    /// <param name="destination">Receives [layer][position][row].</param>
    public abstract void Read(IReadOnlyList<CacheTensor> tensors, int first, int count, Span<byte> destination);

    /// <summary>Copies rows in, for positions behind the sequence.</summary>
    /// <param name="tensors">Tensors of a stream, layer by layer.</param>
    /// <param name="first">First position.</param>
    /// <param name="count">Positions.</param>
    /// <param name="source">[layer][position][row].</param>
    public abstract void Write(IReadOnlyList<CacheTensor> tensors, int first, int count, ReadOnlySpan<byte> source);

    /// <summary>Forgets what was written from a position on, before a step or a truncation.</summary>
    /// <param name="first">First position.</param>
    /// <param name="end">Behind the last position that was written.</param>
    public abstract void Forget(int first, int end);

    /// <summary>Positions were truncated, and others may come in their stead.</summary>
    public virtual void Truncated()
    {
    }

    /// <summary>Takes written positions into the sequence.</summary>
    /// <param name="first">First position, which is the sequence's length.</param>
    /// <param name="end">Behind the last position.</param>
    /// <exception cref="LlamaCppException">llama.cpp does not take them; the sequence is as it was.</exception>
    public unsafe void Commit(int first, int end)
    {
        for (var start = first; start < end; start += PiecePositions)
        {
            var count = Math.Min(PiecePositions, end - start);
            var size = Layout.Size(count);
            Buffer.Reserve(size);
            var state = new Span<byte>(Buffer.Start, checked((int)size));
            Layout.WriteHeads(state, start, count);
            foreach (var tensor in Layout.Tensors)
            {
                FillRows(tensor, start, count, state);
            }

            if (!Sequence.Append(Buffer, size) || Sequence.LastPosition != start + count - 1)
            {
                Sequence.Truncate(first);
                throw new LlamaCppException($"llama.cpp did not take in the KV of positions {start} to {start + count}. The sequence is as it was; recompute them.");
            }
        }

        Committed(end);
    }

    /// <inheritdoc/>
    public virtual void Dispose() => Buffer.Dispose();

    /// <summary>Fills the rows of one tensor into a state that is put together.</summary>
    protected abstract void FillRows(CacheTensor tensor, int first, int count, Span<byte> state);

    /// <summary>Written positions below this one are in the sequence now.</summary>
    protected abstract void Committed(int end);
}
