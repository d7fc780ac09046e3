using Swarm.LlamaCpp.Native;

namespace Swarm.LlamaCpp.Cache;

/// <summary>Rows that llama.cpp alone reads and writes, as states: read between the steps, and imported ones kept here until they are committed.</summary>
internal sealed class StateCells : CacheCells
{
    private const int BlockPositions = 64;

    private readonly Dictionary<(int Tensor, int Block), byte[]> _written = [];
    private int _readFirst;
    private int _readCount; // Positions whose state the buffer holds; 0 for none.

    /// <summary>Creates it.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="layout">Layout of its states.</param>
    /// <param name="window">Positions that layers with a window see: a state has no more of them. 0 where there are none.</param>
    public StateCells(LlamaSequence sequence, StateLayout layout, int window)
        : base(sequence, layout) => PiecePositions = window > 0 ? Math.Clamp(window - 1, 1, PiecePositions) : PiecePositions;

    // Streams of the same positions are read one after the other: one state has all of them.
    public override void Read(IReadOnlyList<CacheTensor> tensors, int first, int count, Span<byte> destination)
    {
        for (var done = 0; done < count;)
        {
            var piece = Math.Min(PiecePositions, count - done);
            var state = State(first + done, piece);
            for (var layer = 0; layer < tensors.Count; layer++)
            {
                var (bytes, rowBytes) = (piece * tensors[layer].RowBytes, tensors[layer].RowBytes);
                StateLayout.CopyRows(state, piece, tensors[layer], destination.Slice(((layer * count) + done) * rowBytes, bytes));
            }

            done += piece;
        }
    }

    public override void Write(IReadOnlyList<CacheTensor> tensors, int first, int count, ReadOnlySpan<byte> source)
    {
        for (var layer = 0; layer < tensors.Count; layer++)
        {
            var rowBytes = tensors[layer].RowBytes;
            for (var done = 0; done < count;)
            {
                var (block, start) = Math.DivRem(first + done, BlockPositions);
                var run = Math.Min(BlockPositions - start, count - done);
                if (!_written.TryGetValue((tensors[layer].Index, block), out var rows))
                {
                    _written[(tensors[layer].Index, block)] = rows = new byte[BlockPositions * rowBytes];
                }

                source.Slice(((layer * count) + done) * rowBytes, run * rowBytes).CopyTo(rows.AsSpan(start * rowBytes));
                done += run;
            }
        }
    }

    public override void Forget(int first, int end) => _written.Clear();

    public override void Truncated() => _readCount = 0;

    protected override void FillRows(CacheTensor tensor, int first, int count, Span<byte> state)
    {
        _readCount = 0; // The buffer is used for another state.
        for (var done = 0; done < count;)
        {
            var (block, start) = Math.DivRem(first + done, BlockPositions);
            var run = Math.Min(BlockPositions - start, count - done);
            var rows = _written[(tensor.Index, block)].AsSpan(start * tensor.RowBytes, run * tensor.RowBytes);
            StateLayout.SetRows(state, count, tensor, done, rows);
            done += run;
        }
    }

    protected override void Committed(int end)
    {
        foreach (var key in _written.Keys.Where(key => (key.Block + 1) * BlockPositions <= end).ToArray())
        {
            _written.Remove(key);
        }
    }

    private unsafe ReadOnlySpan<byte> State(int first, int count)
    {
        var size = Layout.Size(count);
        if (_readFirst != first || _readCount != count)
        {
            _readCount = 0;
            var read = Sequence.Read(first, count, Buffer);
            if (read != size || !Layout.Fits(new ReadOnlySpan<byte>(Buffer.Start, checked((int)read)), first, count))
            {
                throw new LlamaCppException($"llama.cpp gave {read} bytes for the state of positions {first} to {first + count}, which are not laid out as it was learned.");
            }

            (_readFirst, _readCount) = (first, count);
        }

        return new ReadOnlySpan<byte>(Buffer.Start, checked((int)size));
    }
}
