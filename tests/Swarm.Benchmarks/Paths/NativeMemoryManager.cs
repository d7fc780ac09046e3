using System.Buffers;

namespace Swarm.Benchmarks.Paths;

/// <summary>Native memory of somebody else as a <see cref="Memory{T}"/>.</summary>
internal sealed unsafe class NativeMemoryManager(byte* start, int length) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(start, length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
