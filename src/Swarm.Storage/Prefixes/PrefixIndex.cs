using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;

namespace Swarm.Storage.Prefixes;

/// <summary>Which context has the KV of some first inputs: the blocks of this silo's contexts by their chain hashes. Thread-safe.</summary>
/// <remarks>
/// <para>
/// It holds hints: a context may have changed hands since, so whoever uses one proves it, as a fork does that names the hash. Of
/// contexts that end here it keeps what it knows until room is needed, or it turns out wrong. Nothing of it is persisted; what a context has in memory
/// when it is opened, its last 65,536 inputs or so, is added anew.
/// </para>
/// <para>
/// An open-addressing table in 256 parts, each with its own lock, so that one that grows holds up few. A slot has 16 bytes, and
/// a part is between three eighths and three quarters full: 21 to 43 bytes a block, and more of one part while it grows. Of a hash 8
/// bits choose the part, and 64 are compared.
/// A block is in one context alone: the first that added it, unless its KV is not durable when another comes.
/// </para>
/// </remarks>
public sealed class PrefixIndex
{
    private const int Parts = 256;
    private const int CleanShare = 16; // Cleaning goes over all slots: worth it for a sixteenth of them.

    private readonly PrefixPart[] _parts;
    private readonly StorageMetrics? _metrics;
    private readonly Lock _lock = new(); // Taken within a part's, never around it.
    private readonly Stack<int> _freeNumbers = new();
    private readonly Dictionary<ContextId, IndexedContext> _contexts = [];
    private readonly Queue<IndexedContext> _ended = new();
    private PrefixSpan?[] _spans = new PrefixSpan?[16];
    private int _numbers; // Given out so far; 0 is none's.
    private long _count;
    private long _gone; // Of them, those of forgotten contexts.
    private long _refused; // Blocks that there was no room for, since the last cleaning.

    /// <summary>An empty one.</summary>
    /// <param name="capacityBlocks">Most blocks held; 0 for none.</param>
    public PrefixIndex(long capacityBlocks)
        : this(capacityBlocks, null)
    {
    }

    internal PrefixIndex(long capacityBlocks, StorageMetrics? metrics)
    {
        (CapacityBlocks, _metrics) = (capacityBlocks, metrics);
        _parts = [.. Enumerable.Range(0, Parts).Select(_ => new PrefixPart(this))];
    }

    /// <summary>Most blocks held.</summary>
    public long CapacityBlocks { get; }

    /// <summary>Blocks held now, those included that a rewind or an end took away and that nobody came across since.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>The longest beginning of some inputs that a context has KV of.</summary>
    /// <param name="chain">Chain hashes of the inputs' whole blocks, in order.</param>
    /// <param name="blockTokens">Positions of a block.</param>
    /// <returns>The context and how far it goes, or <see langword="null"/>.</returns>
    public SharedPrefix? FindLongest(ReadOnlySpan<BlockHash> chain, int blockTokens)
    {
        for (var index = chain.Length - 1; index >= 0; index--)
        {
            var end = (index + 1L) * blockTokens;
            if (TryFind(chain[index], end) is { } context)
            {
                return new SharedPrefix(context, end, chain[index]);
            }
        }

        return null;
    }

    /// <summary>Looks one block up.</summary>
    /// <param name="hash">Its hash.</param>
    /// <param name="end">First position behind it.</param>
    /// <returns>Name of a context that has it with its KV, or <see langword="null"/>.</returns>
    public string? TryFind(BlockHash hash, long end)
    {
        var (part, tag) = Locate(hash);
        return part.Find(tag, end);
    }

    /// <summary>Adds a context that is opened, in the place of what was known of it.</summary>
    internal IndexedContext Open(ContextId id, string name)
    {
        var context = new IndexedContext(this, id, name);
        lock (_lock)
        {
            if (_contexts.TryGetValue(id, out var before))
            {
                Remove(before);
            }

            _contexts.Add(id, context);
        }

        return context;
    }

    /// <summary>Notes that a context is open here no more; what is known of it stays while there is room.</summary>
    internal void Ended(IndexedContext context)
    {
        lock (_lock)
        {
            if (context.IsForgotten || context.HasEnded)
            {
                return;
            }

            context.HasEnded = true;
            if (RemoveIfUnused(context))
            {
                return;
            }

            _ended.Enqueue(context);
            if (_ended.Count > 2 * (_contexts.Count + 32))
            {
                ForgetThoseThatCameBack();
            }
        }
    }

    /// <summary>Forgets a context that is not open here: it was erased, or what is known of it turned out wrong.</summary>
    /// <remarks>What is known of an open one is right: it may have been rewound between a question and its use.</remarks>
    internal void Forget(ContextId id)
    {
        lock (_lock)
        {
            if (_contexts.TryGetValue(id, out var context) && context.HasEnded)
            {
                Remove(context);
            }
        }
    }

    /// <summary>Gives up the blocks of a context behind a position.</summary>
    internal void Rewound(IndexedContext context, long length)
    {
        lock (_lock)
        {
            foreach (var span in context.Spans)
            {
                span.CutTo(length);
                if (span.Slots == 0)
                {
                    Free(span);
                }
            }

            context.Spans.RemoveAll(span => span.Slots == 0);
        }
    }

    /// <summary>Makes a span for the next blocks of a context.</summary>
    internal PrefixSpan NewSpan(IndexedContext context)
    {
        lock (_lock)
        {
            if (!_freeNumbers.TryPop(out var number))
            {
                number = ++_numbers;
            }

            if (number >= _spans.Length)
            {
                var larger = new PrefixSpan?[_spans.Length * 2];
                _spans.CopyTo(larger, 0);
                Volatile.Write(ref _spans, larger);
            }

            var span = new PrefixSpan(context, number);
            _spans[number] = span;
            context.Spans.Add(span);
            return span;
        }
    }

    /// <summary>Adds a block, unless a context has it already or there is no room.</summary>
    internal void Add(PrefixSpan span, int end, BlockHash hash)
    {
        if (Count >= CapacityBlocks && !TryMakeRoom())
        {
            _metrics?.PrefixesDropped.Add(1);
            return;
        }

        var (part, tag) = Locate(hash);
        part.Add(new PrefixSlot(tag, end, span.Number));
    }

    /// <summary>The span of a slot that a part holds.</summary>
    internal PrefixSpan SpanOf(int number) => Volatile.Read(ref _spans)[number]!;

    /// <summary>Counts slots of a span that a part took or gave up.</summary>
    internal void Note(int number, int slots)
    {
        Interlocked.Add(ref _count, slots);
        lock (_lock)
        {
            var span = _spans[number]!;
            span.Slots += slots;
            if (!span.Context.IsForgotten)
            {
                RemoveIfUnused(span.Context);
                return;
            }

            _gone += slots;
            if (span.Slots == 0)
            {
                Free(span);
            }
        }
    }

    private (PrefixPart Part, ulong Tag) Locate(BlockHash hash)
    {
        var prefix = hash.Value.Prefix;
        return (_parts[(int)(prefix >> 120)], (ulong)prefix);
    }

    /// <summary>Gives up contexts that are not open here, those that ended first before others, and what rewinds took away.</summary>
    private bool TryMakeRoom()
    {
        lock (_lock)
        {
            while (_gone * CleanShare < CapacityBlocks && _ended.TryDequeue(out var oldest))
            {
                Remove(oldest);
            }

            // What rewinds took away is not counted: it is looked for once in a while.
            if (_gone * CleanShare < CapacityBlocks && ++_refused * CleanShare < CapacityBlocks)
            {
                return false;
            }

            _refused = 0;
        }

        foreach (var part in _parts)
        {
            part.Clean();
        }

        return Count < CapacityBlocks;
    }

    private void ForgetThoseThatCameBack()
    {
        for (var left = _ended.Count; left > 0; left--)
        {
            if (_ended.Dequeue() is { IsForgotten: false } context)
            {
                _ended.Enqueue(context);
            }
        }
    }

    /// <summary>Removes a context that is not open here, and whose blocks others have in its place.</summary>
    private bool RemoveIfUnused(IndexedContext context)
    {
        if (!context.HasEnded || context.Spans.Exists(span => span.Slots > 0))
        {
            return false;
        }

        Remove(context);
        return true;
    }

    private void Remove(IndexedContext context)
    {
        if (context.IsForgotten)
        {
            return;
        }

        if (_contexts.TryGetValue(context.Id, out var known) && known == context)
        {
            _contexts.Remove(context.Id);
        }

        foreach (var span in context.Spans)
        {
            _gone += span.Slots;
            if (span.Slots == 0)
            {
                Free(span);
            }
        }

        context.Forget();
    }

    private void Free(PrefixSpan span)
    {
        _spans[span.Number] = null;
        _freeNumbers.Push(span.Number);
    }
}
