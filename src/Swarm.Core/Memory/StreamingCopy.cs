using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Swarm.Core.Memory;

/// <summary>Copies memory that is not read again soon, past the processor's caches: for <see cref="IKvRuntime.WriteKv"/>.</summary>
/// <remarks>
/// A plain copy into memory that is not in a cache reads that memory first, and pushes out what is. Measured on two cores of an AMD EPYC, 256 MiB
/// in pieces of 32 KiB: 13.9 GiB/s against memcpy's 9.5 (23 against 13 where the source is in a cache).
/// </remarks>
public static class StreamingCopy
{
    private const int SmallestBytes = 4096;
    private const int StrideBytes = 4 * 32;

    /// <summary>Copies all of a span. When it returns, every thread sees the copy.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="destination">At least as many; the two do not overlap.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter.</exception>
    public static unsafe void Copy(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length < SmallestBytes || !Vector256.IsHardwareAccelerated || !Sse.IsSupported)
        {
            source.CopyTo(destination);
            return;
        }

        destination = destination[..source.Length]; // Throws before the first write.
        fixed (byte* to = destination)
        {
            var head = (int)(-(nint)to & (Vector256<byte>.Count - 1)); // Up to where it is aligned.
            source[..head].CopyTo(destination);
            ref var from = ref MemoryMarshal.GetReference(source);
            var done = head;
            for (; done <= source.Length - StrideBytes; done += StrideBytes)
            {
                var first = Vector256.LoadUnsafe(ref from, (nuint)done);
                var second = Vector256.LoadUnsafe(ref from, (nuint)done + 32);
                var third = Vector256.LoadUnsafe(ref from, (nuint)done + 64);
                var fourth = Vector256.LoadUnsafe(ref from, (nuint)done + 96);
                first.StoreAlignedNonTemporal(to + done);
                second.StoreAlignedNonTemporal(to + done + 32);
                third.StoreAlignedNonTemporal(to + done + 64);
                fourth.StoreAlignedNonTemporal(to + done + 96);
            }

            source[done..].CopyTo(destination[done..]);
        }

        Sse.StoreFence();
    }
}
