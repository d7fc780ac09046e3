using Swarm.Core.Blocks;
using Swarm.Core.Identity;

namespace Swarm.Storage.Prefixes;

/// <summary>One open of one context, as the index sees it. The store's loop alone changes it.</summary>
/// <param name="index">The index.</param>
/// <param name="id">The context.</param>
/// <param name="name">Its name.</param>
internal sealed class IndexedContext(PrefixIndex index, ContextId id, string name) : IBlockSink
{
    private readonly List<PrefixSpan> _spans = [];
    private PrefixSpan? _current;
    private long _kvEnd;
    private bool _isForgotten;

    /// <summary>The context.</summary>
    public ContextId Id => id;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Positions whose KV is durable; none once it is forgotten.</summary>
    public long KvEnd => _isForgotten ? 0 : Volatile.Read(ref _kvEnd);

    /// <summary>Whether it is in the index no more.</summary>
    public bool IsForgotten => Volatile.Read(ref _isForgotten);

    /// <summary>Its blocks, by the rewinds between them.</summary>
    public IReadOnlyList<PrefixSpan> Spans => _spans;

    /// <inheritdoc/>
    public void Add(long end, BlockHash hash)
    {
        if (index.CapacityBlocks == 0 || IsForgotten || end > int.MaxValue)
        {
            return;
        }

        if (_current is null)
        {
            _spans.Add(_current = index.NewSpan(this));
        }

        index.Add(_current, (int)end, hash);
    }

    /// <summary>Notes how far KV is durable.</summary>
    public void KvIsDurable(long end) => Volatile.Write(ref _kvEnd, end);

    /// <summary>Gives up the blocks behind a position: others come there.</summary>
    public void Rewound(long length)
    {
        _spans.ForEach(span => span.CutTo(length));
        _spans.RemoveAll(index.TryFree);
        _current = null;
    }

    /// <summary>Gives up all.</summary>
    public void Forget() => Volatile.Write(ref _isForgotten, true);
}
