namespace Swarm.Storage.Prefixes;

/// <summary>Blocks of one context that were added between two rewinds of it.</summary>
internal sealed class PrefixSpan(IndexedContext context, int number)
{
    private long _limit = long.MaxValue;

    /// <summary>The context.</summary>
    public IndexedContext Context => context;

    /// <summary>What its slots call it.</summary>
    public int Number => number;

    /// <summary>Slots that call it so, guarded by the index's lock.</summary>
    public int Slots { get; set; }

    /// <summary>Whether a block of it is in its context still, with KV that is durable.</summary>
    public bool Holds(long end) => end <= Volatile.Read(ref _limit) && end <= context.KvEnd;

    /// <summary>Whether a block of it is in its context still, with KV or without.</summary>
    public bool MayHold(long end) => end <= Volatile.Read(ref _limit) && !context.IsForgotten;

    /// <summary>Gives up what lies behind a position.</summary>
    public void CutTo(long length) => Volatile.Write(ref _limit, Math.Min(_limit, length));
}
