using System.Diagnostics.CodeAnalysis;
using Swarm.Format.Segments;

namespace Swarm.Storage.Tiers;

/// <summary>KV payloads in native memory, bounded in bytes. Thread-safe.</summary>
/// <remarks>
/// <para>
/// What is given up first follows S3-FIFO (Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction",
/// SOSP 2023): what is new waits in a small queue, and moves to the large one only when it is hit, so that one reading of
/// much that is cold does not push out what is used; keys of what left the small queue are remembered, and go to the large one at
/// once when they come back. Two things differ: one hit is enough to move on, since KV is read as a rule once, by a
/// successor; and in the place of a block that is to go, the last one of its context goes that was not hit either, since
/// a prefix is of use without its suffix and not the other way round.
/// </para>
/// <para>
/// Bytes are reachable through a counted lease alone: memory is given back when the last lease and the tier's own hold on it
/// are gone, so nobody ever reads what was freed. A block is given up by a compare-and-swap of its count, and only while nobody leases it.
/// </para>
/// </remarks>
public sealed class MemoryTier
{
    private const int MaxFrequency = 3;
    private const int SmallShare = 10; // A tenth, as the paper has it.

    private readonly Lock _lock = new();
    private readonly Dictionary<PayloadRef, TierBlock> _blocks = [];
    private readonly TierQueue _small = new();
    private readonly TierQueue _large = new();
    private readonly HashSet<PayloadRef> _left = []; // The small queue, without having been asked for.
    private readonly Queue<PayloadRef> _leftInOrder = new();
    private readonly DiskTier? _below;
    private readonly TimeProvider _time;
    private long _usedBytes;
    private long _hits;
    private long _misses;
    private long _evictions;

    /// <summary>An empty one.</summary>
    /// <param name="capacityBytes">Most bytes held.</param>
    public MemoryTier(long capacityBytes)
        : this(capacityBytes, null, TimeProvider.System)
    {
    }

    internal MemoryTier(long capacityBytes, DiskTier? below, TimeProvider time) =>
        (CapacityBytes, _below, _time) = (capacityBytes, below, time);

    /// <summary>How long a lease may be out: a payload is copied, or sent, long before. What is overdue is told, and never taken back.</summary>
    public static TimeSpan LeaseDeadline { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Most bytes held.</summary>
    public long CapacityBytes { get; }

    /// <summary>Figures of now. Readable from any thread.</summary>
    internal TierFigures Figures => new(
        KvTier.Memory, UsedBytes, CapacityBytes, Volatile.Read(ref _hits), Volatile.Read(ref _misses), Volatile.Read(ref _evictions));

    /// <summary>Bytes held now.</summary>
    public long UsedBytes => Volatile.Read(ref _usedBytes);

    /// <summary>Payloads that can be found now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _blocks.Count;
            }
        }
    }

    /// <summary>Room for a payload, giving up others if need be.</summary>
    /// <param name="length">Bytes, at least 1.</param>
    /// <returns>A lease on uninitialized memory, or <see langword="null"/> when leases hold too much of the tier.</returns>
    public TierLease? TryRent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (length > CapacityBytes)
        {
            return null;
        }

        lock (_lock)
        {
            while (_usedBytes + length > CapacityBytes)
            {
                if (!TryEvict())
                {
                    return null;
                }
            }

            Interlocked.Add(ref _usedBytes, length);
        }

        return new TierLease(new TierBlock(length, Free));
    }

    /// <summary>Room for a payload in any case: outside of the capacity, and never findable, when there is none.</summary>
    /// <param name="length">Bytes, at least 1. What is under way is bounded by the data plane's credit.</param>
    /// <returns>A lease on uninitialized memory.</returns>
    public TierLease Rent(int length) => TryRent(length) ?? new TierLease(new TierBlock(length, null));

    /// <summary>Makes rented memory findable. The lease stays the caller's.</summary>
    /// <param name="key">What its content is.</param>
    /// <param name="place">Where it belongs; <see langword="null"/> for what is of no one context.</param>
    /// <param name="lease">Memory of this tier, filled; passed over if it is outside of the capacity.</param>
    /// <param name="isOffered">Whether it is offered to the disk tier.</param>
    public void Publish(PayloadRef key, TierPlace? place, TierLease lease, bool isOffered = true)
    {
        ArgumentNullException.ThrowIfNull(lease);
        lock (_lock)
        {
            if (lease.Block.IsCounted && !_blocks.ContainsKey(key) && lease.Block.TryAddReference())
            {
                lease.Block.Key = key;
                lease.Block.Place = place;
                lease.Block.LeasedAt = _time.GetTimestamp();
                _blocks.Add(key, lease.Block);
                (_left.Remove(key) ? _large : _small).Add(lease.Block);
            }
        }

        if (isOffered)
        {
            _ = _below?.OfferAsync(key, lease);
        }
    }

    /// <summary>Looks a payload up.</summary>
    /// <param name="key">What is wanted.</param>
    /// <param name="lease">A lease to be disposed.</param>
    /// <returns>Whether it is here.</returns>
    public bool TryGet(PayloadRef key, [NotNullWhen(true)] out TierLease? lease)
    {
        lock (_lock)
        {
            if (_blocks.TryGetValue(key, out var block) && Lease(block))
            {
                block.Frequency = Math.Min(block.Frequency + 1, MaxFrequency);
                lease = new TierLease(block);
                _hits++;
                return true;
            }

            _misses++;
        }

        lease = null;
        return false;
    }

    /// <summary>Forgets a payload, as one that turned out damaged.</summary>
    /// <param name="key">What to forget.</param>
    public void Remove(PayloadRef key)
    {
        lock (_lock)
        {
            if (_blocks.Remove(key, out var block))
            {
                block.Queue!.Remove(block);
                block.ReleaseReference();
            }
        }
    }

    /// <summary>Payloads that were leased before <see cref="LeaseDeadline"/> and are still: whoever has them keeps room from others.</summary>
    /// <returns>How many, and their bytes.</returns>
    public (int Payloads, long Bytes) FindOverdue()
    {
        var found = (Payloads: 0, Bytes: 0L);
        lock (_lock)
        {
            foreach (var block in _blocks.Values)
            {
                if (block.IsLeased && _time.GetElapsedTime(block.LeasedAt) > LeaseDeadline)
                {
                    found = (found.Payloads + 1, found.Bytes + block.Length);
                }
            }
        }

        return found;
    }

    private bool Lease(TierBlock block)
    {
        if (!block.IsLeased)
        {
            block.LeasedAt = _time.GetTimestamp();
        }

        return block.TryAddReference();
    }

    /// <summary>Gives one block up. False: all that is left is leased.</summary>
    private bool TryEvict() => _small.Bytes > CapacityBytes / SmallShare
        ? TryEvictFromSmall() || TryEvictFromLarge()
        : TryEvictFromLarge() || TryEvictFromSmall();

    private bool TryEvictFromSmall()
    {
        for (var leased = 0; leased < _small.Count;)
        {
            var block = _small.Oldest!;
            if (block.Frequency > 0)
            {
                block.Frequency = 0;
                _small.Remove(block);
                _large.Add(block);
            }
            else if (TryEvictOrPassOver(_small, block))
            {
                return true;
            }
            else
            {
                leased++;
            }
        }

        return false;
    }

    private bool TryEvictFromLarge()
    {
        for (var leased = 0; leased < _large.Count;)
        {
            var block = _large.Oldest!;
            if (block.Frequency > 0)
            {
                block.Frequency--;
                _large.MoveToEnd(block);
                leased = 0;
            }
            else if (TryEvictOrPassOver(_large, block))
            {
                return true;
            }
            else
            {
                leased++;
            }
        }

        return false;
    }

    /// <summary>Gives up a block, or in its place one behind it in its context; it then waits for its next turn, as if it were leased.</summary>
    private bool TryEvictOrPassOver(TierQueue queue, TierBlock block)
    {
        var victim = queue.SuffixOf(block);
        if (victim != block || block.IsLeased)
        {
            queue.MoveToEnd(block);
        }

        return !victim.IsLeased && TryEvict(victim);
    }

    private bool TryEvict(TierBlock block)
    {
        var queue = block.Queue!;
        if (!block.TryReleaseLast())
        {
            queue.MoveToEnd(block); // Leased at this moment, by whoever shares another's lease.
            return false;
        }

        queue.Remove(block);
        _blocks.Remove(block.Key);
        _evictions++;
        if (queue == _small && _left.Add(block.Key))
        {
            _leftInOrder.Enqueue(block.Key);
            while (_leftInOrder.Count > Math.Max(64, _blocks.Count))
            {
                _left.Remove(_leftInOrder.Dequeue());
            }
        }

        return true;
    }

    private void Free(int length) => Interlocked.Add(ref _usedBytes, -length);
}
