using System.Buffers;
using Swarm.Format.Segments;

namespace Swarm.Storage.Tiers;

/// <summary>One piece of native memory with a reference count. Freed at zero.</summary>
internal sealed unsafe class TierBlock : MemoryManager<byte>
{
    private readonly byte* _pointer;
    private readonly int _length;
    private readonly Action<int>? _freed;
    private int _references = 1;

    public TierBlock(int length, Action<int>? freed)
    {
        _pointer = NativeBlocks.Take(length);
        _length = length;
        _freed = freed;
        Node = new LinkedListNode<TierBlock>(this);
    }

    /// <summary>Whether it counts against the tier's capacity.</summary>
    public bool IsCounted => _freed is not null;

    /// <summary>Bytes.</summary>
    public int Length => _length;

    /// <summary>Whether somebody besides the tier holds it.</summary>
    public bool IsLeased => Volatile.Read(ref _references) > 1;

    /// <summary>What its content is, once published. This and all below are guarded by the tier's lock.</summary>
    public PayloadRef Key { get; set; }

    /// <summary>Where it belongs; <see langword="null"/> for what is of no one context.</summary>
    public TierPlace? Place { get; set; }

    /// <summary>When the first of the leases on it that are out now was given, as a timestamp.</summary>
    public long LeasedAt { get; set; }

    /// <summary>How often it was asked for, up to a few.</summary>
    public int Frequency { get; set; }

    /// <summary>The queue that it is in.</summary>
    public TierQueue? Queue { get; set; }

    /// <summary>Number of its arrival there.</summary>
    public long Arrival { get; set; }

    /// <summary>Its node there.</summary>
    public LinkedListNode<TierBlock> Node { get; }

    public bool TryAddReference()
    {
        var count = Volatile.Read(ref _references);
        while (count > 0)
        {
            var seen = Interlocked.CompareExchange(ref _references, count + 1, count);
            if (seen == count)
            {
                return true;
            }

            count = seen;
        }

        return false;
    }

    /// <summary>Gives the memory back if nobody but the tier holds it.</summary>
    public bool TryReleaseLast()
    {
        if (Interlocked.CompareExchange(ref _references, 0, 1) != 1)
        {
            return false;
        }

        Free();
        return true;
    }

    public void ReleaseReference()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Free();
        }
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) <= 0, this);
        return new Span<byte>(_pointer, _length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        return TryAddReference()
            ? new MemoryHandle(_pointer + elementIndex, default, this)
            : throw new ObjectDisposedException(nameof(TierBlock));
    }

    /// <inheritdoc/>
    public override void Unpin() => ReleaseReference();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Lifetime is the reference count's alone.
    }

    private void Free()
    {
#if DEBUG
        new Span<byte>(_pointer, _length).Fill(0xDB);
#endif
        NativeBlocks.Give(_pointer, _length);
        _freed?.Invoke(_length);
    }
}
