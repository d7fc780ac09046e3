using Swarm.Core.Identity;

namespace Swarm.Storage.Tiers;

/// <summary>Blocks in the order of their arrival, and by place in their contexts. Guarded by the tier's lock.</summary>
internal sealed class TierQueue
{
    private const int MaxLooks = 16;

    private static readonly Comparer<TierBlock> _byPosition = Comparer<TierBlock>.Create(static (left, right) =>
        left.Place!.Value.Position.CompareTo(right.Place!.Value.Position) is var order and not 0 ? order : left.Arrival.CompareTo(right.Arrival));

    private readonly LinkedList<TierBlock> _blocks = new();
    private readonly Dictionary<ContextId, SortedSet<TierBlock>> _contexts = [];
    private long _arrivals;

    /// <summary>Bytes of all blocks.</summary>
    public long Bytes { get; private set; }

    /// <summary>Blocks.</summary>
    public int Count => _blocks.Count;

    /// <summary>The block that came first.</summary>
    public TierBlock? Oldest => _blocks.First?.Value;

    /// <summary>Adds a block behind all others.</summary>
    public void Add(TierBlock block)
    {
        block.Queue = this;
        block.Arrival = _arrivals++;
        _blocks.AddLast(block.Node);
        Bytes += block.Length;
        if (block.Place is { } place)
        {
            if (!_contexts.TryGetValue(place.Context, out var context))
            {
                _contexts.Add(place.Context, context = new SortedSet<TierBlock>(_byPosition));
            }

            context.Add(block);
        }
    }

    /// <summary>Takes a block out.</summary>
    public void Remove(TierBlock block)
    {
        block.Queue = null;
        _blocks.Remove(block.Node);
        Bytes -= block.Length;
        if (block.Place is { } place)
        {
            var context = _contexts[place.Context];
            context.Remove(block);
            if (context.Count == 0)
            {
                _contexts.Remove(place.Context);
            }
        }
    }

    /// <summary>Puts a block behind all others.</summary>
    public void MoveToEnd(TierBlock block)
    {
        _blocks.Remove(block.Node);
        _blocks.AddLast(block.Node);
    }

    /// <summary>Of the context of a block that nobody has asked for: the last such block by position. A few are looked at.</summary>
    public TierBlock SuffixOf(TierBlock block)
    {
        if (block.Place is { } place)
        {
            var looks = 0;
            foreach (var other in _contexts[place.Context].Reverse())
            {
                if (other.Frequency == 0 && !other.IsLeased)
                {
                    return other;
                }

                if (++looks == MaxLooks)
                {
                    break;
                }
            }
        }

        return block;
    }
}
