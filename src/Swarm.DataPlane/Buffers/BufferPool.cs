using System.Numerics;

namespace Swarm.DataPlane.Buffers;

/// <summary>Receive and send buffers for reuse. Thread-safe.</summary>
/// <remarks>
/// Sizes are rounded up to an eighth of a power of two, so that at most 12.5 % of a buffer is waste; the shared array
/// pool would round a record of just over 1 MiB up to 2. Idle buffers are bounded; what is over goes to the collector.
/// </remarks>
/// <param name="maxIdleBytes">Most bytes kept for reuse.</param>
public sealed class BufferPool(long maxIdleBytes)
{
    private const int MinLength = 1024;
    private const int ClassesPerPower = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Stack<byte[]>> _idle = [];
    private long _idleBytes;
    private long _rentedBytes;
    private int _rentedCount;

    /// <summary>Bytes that are rented out now, as rounded.</summary>
    public long RentedBytes => Volatile.Read(ref _rentedBytes);

    /// <summary>Buffers that are rented out now.</summary>
    public int RentedCount => Volatile.Read(ref _rentedCount);

    /// <summary>Rents a buffer. Its content is undefined.</summary>
    /// <param name="length">Bytes needed, not negative.</param>
    /// <returns>The buffer; to be disposed.</returns>
    public PooledBuffer Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var rounded = Round(length);
        byte[]? array = null;
        lock (_lock)
        {
            _rentedBytes += rounded;
            _rentedCount++;
            if (_idle.TryGetValue(rounded, out var stack) && stack.TryPop(out array))
            {
                _idleBytes -= rounded;
            }
        }

        return new PooledBuffer(this, array ?? GC.AllocateUninitializedArray<byte>(rounded), length);
    }

    internal static int Round(int length)
    {
        if (length <= MinLength)
        {
            return MinLength;
        }

        var step = (int)(BitOperations.RoundUpToPowerOf2((uint)length) / (2 * ClassesPerPower));
        return (int)Math.Min(Array.MaxLength, ((long)length + step - 1) / step * step);
    }

    internal void Return(byte[] array)
    {
        lock (_lock)
        {
            _rentedBytes -= array.Length;
            _rentedCount--;
            if (_idleBytes + array.Length > maxIdleBytes)
            {
                return;
            }

            _idleBytes += array.Length;
            if (!_idle.TryGetValue(array.Length, out var stack))
            {
                _idle.Add(array.Length, stack = new Stack<byte[]>());
            }

            stack.Push(array);
        }
    }
}
