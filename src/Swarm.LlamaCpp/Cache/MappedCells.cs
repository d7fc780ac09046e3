using Swarm.Core.Memory;
using Swarm.LlamaCpp.Native;

namespace Swarm.LlamaCpp.Cache;

/// <summary>Rows at known addresses, one behind the other: read beside the steps, and received in place.</summary>
internal sealed unsafe class MappedCells : CacheCells
{
    private const int PieceOfMemoryBytes = 1 << 30;

    private readonly IReadOnlyList<nint> _rows;
    private readonly UnmanagedMemory[][] _memory;

    /// <summary>Takes the addresses.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="layout">Layout of its states.</param>
    /// <param name="rows">Where the first row of each tensor is.</param>
    /// <param name="positions">Rows of each tensor.</param>
    public MappedCells(LlamaSequence sequence, StateLayout layout, IReadOnlyList<nint> rows, int positions)
        : base(sequence, layout)
    {
        _rows = rows;
        _memory = new UnmanagedMemory[rows.Count][];
        foreach (var tensor in layout.Tensors)
        {
            var start = (byte*)rows[tensor.Index];
            var piece = PieceOfMemoryBytes / tensor.RowBytes * (long)tensor.RowBytes;
            var bytes = (long)positions * tensor.RowBytes;
            var pieces = new UnmanagedMemory[(bytes + piece - 1) / piece];
            for (var number = 0; number < pieces.Length; number++)
            {
                pieces[number] = new UnmanagedMemory(start + (number * piece), (int)Math.Min(piece, bytes - (number * piece)));
            }

            _memory[tensor.Index] = pieces;
        }
    }

    /// <summary>Memory of rows, as many from the first on as lie in one piece.</summary>
    public Memory<byte> Rows(CacheTensor tensor, int first, int count)
    {
        var positions = PieceOfMemoryBytes / tensor.RowBytes;
        var start = first % positions;
        return _memory[tensor.Index][first / positions].Memory.Slice(start * tensor.RowBytes, Math.Min(count, positions - start) * tensor.RowBytes);
    }

    public override void Read(IReadOnlyList<CacheTensor> tensors, int first, int count, Span<byte> destination)
    {
        for (var layer = 0; layer < tensors.Count; layer++)
        {
            var bytes = count * tensors[layer].RowBytes;
            Span(tensors[layer], first, count).CopyTo(destination.Slice(layer * bytes, bytes));
        }
    }

    public override void Write(IReadOnlyList<CacheTensor> tensors, int first, int count, ReadOnlySpan<byte> source)
    {
        for (var layer = 0; layer < tensors.Count; layer++)
        {
            var bytes = count * tensors[layer].RowBytes;
            source.Slice(layer * bytes, bytes).CopyTo(Span(tensors[layer], first, count));
        }
    }

    // A step reads rows behind the sequence, masked: what is not a number there would make others none.
    public override void Forget(int first, int end)
    {
        foreach (var tensor in Layout.Tensors)
        {
            for (var position = first; position < end;)
            {
                var rows = Rows(tensor, position, end - position);
                rows.Span.Clear();
                position += rows.Length / tensor.RowBytes;
            }
        }
    }

    protected override void FillRows(CacheTensor tensor, int first, int count, Span<byte> state) =>
        StateLayout.SetRows(state, count, tensor, 0, Span(tensor, first, count));

    protected override void Committed(int end)
    {
        // They are where they were written.
    }

    private Span<byte> Span(CacheTensor tensor, int first, int count) =>
        new((byte*)_rows[tensor.Index] + ((long)first * tensor.RowBytes), count * tensor.RowBytes);
}
