using System.Runtime.InteropServices;
using Swarm.Core.Memory;

namespace Swarm.Storage.Tiers;

/// <summary>Native memory that is used again: fresh pages cost about as much as the copy that fills them. Thread-safe.</summary>
/// <remarks>Runs of one model have few sizes, so a free block of the very size is likely to be there.</remarks>
internal static unsafe class NativeBlocks
{
    private const int SmallestBytes = 64 << 10;
    private const int SizeStep = 64 << 10;
    private const long MaxFreeBytes = 64 << 20;
    private const int Alignment = 64;

    private static readonly Lock _lock = new();
    private static readonly Dictionary<int, Stack<nint>> _free = [];
    private static long _freeBytes;

    /// <summary>Takes a block of at least so many bytes; what is in it is undefined.</summary>
    public static byte* Take(int length)
    {
        var size = SizeOf(length);
        lock (_lock)
        {
            if (size >= SmallestBytes && _free.TryGetValue(size, out var blocks) && blocks.TryPop(out var block))
            {
                _freeBytes -= size;
                return (byte*)block;
            }
        }

        var alignment = size < HugePages.HugePageBytes ? Alignment : HugePages.HugePageBytes;
        var fresh = (byte*)NativeMemory.AlignedAlloc((nuint)size, (nuint)alignment);
        HugePages.Advise((nint)fresh, size);
        return fresh;
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="block">The block.</param>
    /// <param name="length">The length that it was taken for.</param>
    public static void Give(byte* block, int length)
    {
        var size = SizeOf(length);
        lock (_lock)
        {
            if (size >= SmallestBytes && _freeBytes + size <= MaxFreeBytes)
            {
                if (!_free.TryGetValue(size, out var blocks))
                {
                    _free.Add(size, blocks = new Stack<nint>());
                }

                blocks.Push((nint)block);
                _freeBytes += size;
                return;
            }
        }

        NativeMemory.AlignedFree(block);
    }

    private static int SizeOf(int length) =>
        length < SmallestBytes || length > int.MaxValue - SizeStep ? length : (length + SizeStep - 1) / SizeStep * SizeStep;
}
