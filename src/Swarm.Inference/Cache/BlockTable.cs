namespace Swarm.Inference.Cache;

/// <summary>A sequence's blocks in the order of its positions.</summary>
/// <remarks>One thread at a time changes it; others may read what lies below the sequence's length meanwhile.</remarks>
internal sealed class BlockTable(KvBlockPool pool, int maxPositions)
{
    // Never grown: a reader on another thread always finds it in place.
    private readonly int[] _blocks = new int[BlocksFor(maxPositions)];
    private int _count;
    private int _consecutive;

    /// <summary>Takes blocks until so many positions fit.</summary>
    /// <returns>Whether they fit; if not, nothing changed.</returns>
    public bool TryReserve(int positions)
    {
        var before = _count;
        while (_count < BlocksFor(positions))
        {
            var block = pool.Take(_count == 0 ? -1 : _blocks[_count - 1]);
            if (block < 0)
            {
                Keep(before);
                return false;
            }

            if (_consecutive == _count && (_count == 0 || block == _blocks[_count - 1] + 1))
            {
                _consecutive++;
            }

            _blocks[_count++] = block;
        }

        return true;
    }

    /// <summary>Gives back the blocks that so many positions do not need.</summary>
    public void Trim(int positions) => Keep(Math.Min(_count, BlocksFor(positions)));

    /// <summary>Whether the first positions lie in one run of rows.</summary>
    /// <param name="positions">How many.</param>
    /// <param name="firstRow">Row of position 0.</param>
    public bool IsConsecutive(int positions, out long firstRow)
    {
        firstRow = _count == 0 ? 0 : (long)_blocks[0] * KvBlockPool.BlockTokens;
        return BlocksFor(positions) <= _consecutive;
    }

    /// <summary>Rows of the first positions, for an index.</summary>
    public long[] Rows(int positions)
    {
        var rows = new long[positions];
        for (var position = 0; position < positions; position++)
        {
            rows[position] = RowOf(position);
        }

        return rows;
    }

    /// <summary>The longest run of rows from a position on.</summary>
    /// <param name="position">First position.</param>
    /// <param name="count">Positions at most.</param>
    /// <returns>First row, and how many positions lie there.</returns>
    public (long Row, int Count) Run(int position, int count)
    {
        var block = position / KvBlockPool.BlockTokens;
        var covered = KvBlockPool.BlockTokens - (position % KvBlockPool.BlockTokens);
        while (covered < count && _blocks[block + 1] == _blocks[block] + 1)
        {
            block++;
            covered += KvBlockPool.BlockTokens;
        }

        return (RowOf(position), Math.Min(covered, count));
    }

    private static int BlocksFor(int positions) =>
        (int)(((long)positions + KvBlockPool.BlockTokens - 1) / KvBlockPool.BlockTokens);

    private long RowOf(int position) =>
        ((long)_blocks[position / KvBlockPool.BlockTokens] * KvBlockPool.BlockTokens) + (position % KvBlockPool.BlockTokens);

    private void Keep(int count)
    {
        pool.Release(_blocks.AsSpan(count, _count - count));
        _count = count;
        _consecutive = Math.Min(_consecutive, count);
    }
}
