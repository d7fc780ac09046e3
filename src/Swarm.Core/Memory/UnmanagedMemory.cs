using System.Buffers;

namespace Swarm.Core.Memory;

/// <summary>Memory outside of the garbage collector's, for calls that take a <see cref="Memory{T}"/>.</summary>
/// <param name="start">First byte. Its owner keeps it until nobody uses this any more.</param>
/// <param name="length">Bytes.</param>
public sealed unsafe class UnmanagedMemory(byte* start, int length) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(start, length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length);
        return new MemoryHandle(start + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // It never moves.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // It is its owner's.
    }
}
