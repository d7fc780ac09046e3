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
    }

    /// <summary>Whether it counts against the tier's capacity.</summary>
    public bool IsCounted => _freed is not null;

    /// <summary>What its content is, once published. Guarded by the tier's lock.</summary>
    public PayloadRef Key { get; set; }

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

    public void ReleaseReference()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
#if DEBUG
            new Span<byte>(_pointer, _length).Fill(0xDB);
#endif
            NativeBlocks.Give(_pointer, _length);
            _freed?.Invoke(_length);
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
}
