using System.Collections;

namespace Swarm.Inference.Cache;

/// <summary>Which positions were written from outside and wait for their commit, for each stream of each layer group.</summary>
internal sealed class ImportedPositions(int groups, int maxPositions)
{
    private readonly BitArray[] _written =
        [.. Enumerable.Range(0, groups * KvBlockPool.Streams).Select(_ => new BitArray(maxPositions))];

    private int _end;

    /// <summary>Notes positions of a stream as written.</summary>
    public void Add(int group, int stream, int firstPosition, int count)
    {
        var written = _written[(group * KvBlockPool.Streams) + stream];
        for (var position = firstPosition; position < firstPosition + count; position++)
        {
            written[position] = true;
        }

        _end = Math.Max(_end, firstPosition + count);
    }

    /// <summary>The first position in a range that some stream lacks; -1 for none.</summary>
    public int FirstMissing(int firstPosition, int end)
    {
        for (var position = firstPosition; position < end; position++)
        {
            if (!Array.TrueForAll(_written, stream => stream[position]))
            {
                return position;
            }
        }

        return -1;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        if (_end > 0)
        {
            Array.ForEach(_written, stream => stream.SetAll(false));
            _end = 0;
        }
    }
}
