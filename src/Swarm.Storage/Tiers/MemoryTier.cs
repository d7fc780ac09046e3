using System.Diagnostics.CodeAnalysis;
using Swarm.Format.Segments;

namespace Swarm.Storage.Tiers;

/// <summary>KV payloads in native memory, bounded in bytes, least recently used out first. Thread-safe.</summary>
/// <remarks>
/// Bytes are reachable through a counted lease alone: memory is given back when the last lease and the tier's own hold on it
/// are gone, so nobody ever reads what was freed. What is leased and already evicted still counts against the capacity.
/// </remarks>
public sealed class MemoryTier
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PayloadRef, LinkedListNode<TierBlock>> _blocks = [];
    private readonly LinkedList<TierBlock> _byUse = new();
    private readonly DiskTier? _below;
    private long _usedBytes;

    /// <summary>An empty one.</summary>
    /// <param name="capacityBytes">Most bytes held.</param>
    public MemoryTier(long capacityBytes)
        : this(capacityBytes, null)
    {
    }

    internal MemoryTier(long capacityBytes, DiskTier? below) => (CapacityBytes, _below) = (capacityBytes, below);

    /// <summary>Most bytes held.</summary>
    public long CapacityBytes { get; }

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

    /// <summary>Room for a payload, evicting others if need be.</summary>
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
            while (_usedBytes + length > CapacityBytes && _byUse.First is { } oldest)
            {
                Remove(oldest);
            }

            if (_usedBytes + length > CapacityBytes)
            {
                return null;
            }

            _usedBytes += length;
        }

        return new TierLease(new TierBlock(length, Free));
    }

    /// <summary>Room for a payload in any case: outside of the capacity, and never findable, when there is none.</summary>
    /// <param name="length">Bytes, at least 1. What is under way is bounded by the data plane's credit.</param>
    /// <returns>A lease on uninitialized memory.</returns>
    public TierLease Rent(int length) => TryRent(length) ?? new TierLease(new TierBlock(length, null));

    /// <summary>Makes rented memory findable, and offers it to the disk tier. The lease stays the caller's.</summary>
    /// <param name="key">What its content is.</param>
    /// <param name="lease">Memory of this tier, filled; passed over if it is outside of the capacity.</param>
    public void Publish(PayloadRef key, TierLease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        lock (_lock)
        {
            if (lease.Block.IsCounted && !_blocks.ContainsKey(key) && lease.Block.TryAddReference())
            {
                lease.Block.Key = key;
                _blocks.Add(key, _byUse.AddLast(lease.Block));
            }
        }

        _ = _below?.OfferAsync(key, lease);
    }

    /// <summary>Looks a payload up.</summary>
    /// <param name="key">What is wanted.</param>
    /// <param name="lease">A lease to be disposed.</param>
    /// <returns>Whether it is here.</returns>
    public bool TryGet(PayloadRef key, [NotNullWhen(true)] out TierLease? lease)
    {
        lock (_lock)
        {
            if (_blocks.TryGetValue(key, out var node) && node.Value.TryAddReference())
            {
                _byUse.Remove(node);
                _byUse.AddLast(node);
                lease = new TierLease(node.Value);
                return true;
            }
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
            if (_blocks.TryGetValue(key, out var node))
            {
                Remove(node);
            }
        }
    }

    private void Remove(LinkedListNode<TierBlock> node)
    {
        _byUse.Remove(node);
        _blocks.Remove(node.Value.Key);
        node.Value.ReleaseReference();
    }

    private void Free(int length) => Interlocked.Add(ref _usedBytes, -length);
}
