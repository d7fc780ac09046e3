namespace Swarm.DataPlane.Buffers;

/// <summary>A rented buffer of an exact length. Disposing gives it back, once, however often it is called.</summary>
/// <remarks>Whoever disposes must be the last to use <see cref="Memory"/>.</remarks>
public sealed class PooledBuffer : IDisposable
{
    private readonly BufferPool _pool;
    private byte[]? _array;

    internal PooledBuffer(BufferPool pool, byte[] array, int length)
    {
        _pool = pool;
        _array = array;
        Length = length;
    }

    /// <summary>Length asked for, in bytes.</summary>
    public int Length { get; }

    /// <summary>The bytes.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was given back.</exception>
    public Memory<byte> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_array is null, this);
            return _array.AsMemory(0, Length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
        {
            _pool.Return(array);
        }
    }
}
