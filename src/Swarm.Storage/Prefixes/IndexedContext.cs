using Swarm.Core.Blocks;
using Swarm.Core.Identity;

namespace Swarm.Storage.Prefixes;

/// <summary>One incarnation of one context, as the index sees it. The store's loop alone changes it.</summary>
/// <param name="index">The index.</param>
/// <param name="id">The context.</param>
/// <param name="name">Its name.</param>
internal sealed class IndexedContext(PrefixIndex index, ContextId id, string name) : IBlockSink
{
    private readonly List<PrefixSpan> _spans = new(1); // As a rule: more after rewinds alone.
    private PrefixSpan? _current;
    private long _firstStep;
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

    /// <summary>Whether it is open here no more. Guarded by the index's lock.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Its blocks, by the rewinds between them. Changed under the index's lock alone.</summary>
    public List<PrefixSpan> Spans => _spans;

    /// <summary>Notes the inputs' first step, which nobody can share a part of: blocks within it are not added.</summary>
    /// <param name="positions">Where it ends; 0 while there is none.</param>
    public void BeginsWith(long positions) => _firstStep = positions;

    /// <inheritdoc/>
    public void Add(long end, BlockHash hash)
    {
        if (index.CapacityBlocks == 0 || IsForgotten || end > int.MaxValue || end < _firstStep)
        {
            return;
        }

        _current ??= index.NewSpan(this);
        index.Add(_current, (int)end, hash);
    }

    /// <summary>Notes how far KV is durable.</summary>
    public void KvIsDurable(long end) => Volatile.Write(ref _kvEnd, end);

    /// <summary>Gives up the blocks behind a position: others come there.</summary>
    public void Rewound(long length)
    {
        _firstStep = Math.Min(_firstStep, length);
        _current = null;
        index.Rewound(this, length);
    }

    /// <summary>Gives up all. Under the index's lock.</summary>
    public void Forget()
    {
        Volatile.Write(ref _isForgotten, true);
        _spans.Clear();
    }
}
