using System.Collections;

namespace Swarm.LlamaCpp.Cache;

/// <summary>Which positions were written from outside and wait for their commit, for each stream of each group.</summary>
internal sealed class WrittenPositions(int streams, int maxPositions)
{
    private readonly BitArray[] _written = [.. Enumerable.Range(0, streams).Select(_ => new BitArray(maxPositions))];

    /// <summary>Behind the last position that may have been written; 0 for none.</summary>
    public int End { get; private set; }

    /// <summary>Notes that positions are about to be written.</summary>
    public void Reserve(int first, int count) => End = Math.Max(End, first + count);

    /// <summary>Notes positions of a stream as written.</summary>
    public void Add(int stream, int first, int count)
    {
        Reserve(first, count);
        for (var position = first; position < first + count; position++)
        {
            _written[stream][position] = true;
        }
    }

    /// <summary>The first position in a range that some stream lacks; -1 for none.</summary>
    public int FirstMissing(int first, int end)
    {
        for (var position = first; position < end; position++)
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
        Array.ForEach(_written, stream => stream.SetAll(false));
        End = 0;
    }
}
