using System.Buffers;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Tiers;

/// <summary>Reads small payloads of log segments together with what lies around them. Thread-safe.</summary>
/// <remarks>
/// A segment holds runs of all contexts that wrote at that time, and contexts that are taken over together are read
/// together: one read of their neighbourhood, kept in the memory tier, serves them all. Whoever takes a payload out of it
/// verifies it.
/// </remarks>
internal sealed class SegmentWindows(RetryingReader reader, MemoryTier memory)
{
    /// <summary>A payload of at most this many bytes is read with its neighbours.</summary>
    public const int MaxPayloadBytes = 64 << 10;

    /// <summary>Distance of windows, in bytes. Each reaches into the next by a payload, so that one holds every payload whole.</summary>
    private const int StepBytes = 256 << 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<PayloadRef, TaskCompletionSource> _reading = [];

    /// <summary>Whether a payload may be looked for in a window.</summary>
    public static bool MayHold(PayloadRef payload) =>
        payload.Object.Kind == ObjectKind.Segment && payload.Length <= MaxPayloadBytes;

    /// <summary>A payload out of its window, which comes from the memory tier or the store.</summary>
    /// <param name="payload">A payload that <see cref="MayHold"/>.</param>
    /// <param name="name">Name of its object.</param>
    /// <returns>
    /// Its bytes, not verified, valid until the hold on them is disposed, and where they were found; <see langword="null"/> when
    /// the window does not hold the payload, or another reader that reads it did not bring it.
    /// </returns>
    /// <exception cref="Blobs.BlobStoreException">The store cannot be reached.</exception>
    public async Task<(ReadOnlyMemory<byte> Bytes, IDisposable Hold, bool IsFromMemory)?> FindAsync(PayloadRef payload, string name)
    {
        var key = KeyOf(payload);
        if (memory.TryGet(key, out var lease))
        {
            return Cut(lease, isFromMemory: true);
        }

        TaskCompletionSource? mine = null;
        TaskCompletionSource? others;
        lock (_lock)
        {
            if (!_reading.TryGetValue(key, out others))
            {
                _reading.Add(key, mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }

        if (mine is null)
        {
            await others!.Task;
            return memory.TryGet(key, out lease) ? Cut(lease, isFromMemory: false) : null;
        }

        try
        {
            return await ReadAsync(key, name) is { } read ? Cut(read, isFromMemory: false) : null;
        }
        finally
        {
            lock (_lock)
            {
                _reading.Remove(key);
            }

            mine.SetResult();
        }

        (ReadOnlyMemory<byte>, IDisposable, bool)? Cut(TierLease window, bool isFromMemory)
        {
            var offset = (int)(payload.Offset - key.Offset);
            if (window.Memory.Length >= offset + payload.Length)
            {
                return (window.Memory.Slice(offset, payload.Length), window, isFromMemory);
            }

            window.Dispose();
            return null;
        }
    }

    /// <summary>Forgets the window of a payload, as one that turned out damaged.</summary>
    public void Forget(PayloadRef payload) => memory.Remove(KeyOf(payload));

    // No payload has a length of 0.
    private static PayloadRef KeyOf(PayloadRef payload) =>
        new(payload.Object, payload.Offset / StepBytes * StepBytes, 0, 0);

    private async Task<TierLease?> ReadAsync(PayloadRef key, string name)
    {
        using var buffer = MemoryPool<byte>.Shared.Rent(StepBytes + MaxPayloadBytes);
        var read = await reader.ReadAsync(name, key.Offset, buffer.Memory[..(StepBytes + MaxPayloadBytes)]);
        if (read.IsMissing || read.Count == 0)
        {
            return null;
        }

        // Outside of the capacity where leases hold all of it: no more than what this one reader needs.
        var lease = memory.Rent(read.Count);
        buffer.Memory[..read.Count].CopyTo(lease.Memory);
        memory.Publish(key, null, lease);
        return lease;
    }
}
