using System.Buffers;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Log;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Reading;

/// <summary>Brings the payload of an extent from the nearest tier, verified. Thread-safe.</summary>
internal sealed class KvFetcher(RetryingReader reader, MemoryTier memory)
{
    private readonly SegmentWindows _windows = new(reader, memory);

    /// <summary>Fetches a payload.</summary>
    /// <returns>The run; the caller disposes it.</returns>
    /// <exception cref="CorruptObjectException">It is damaged or missing; the message names the object.</exception>
    /// <exception cref="Blobs.BlobStoreException">The store cannot be reached.</exception>
    public async Task<KvRunData> FetchAsync(ContextId context, KvExtent extent)
    {
        var payload = extent.Payload;
        var key = KeyOf(payload);
        if (memory.TryGet(key, out var found))
        {
            return Run(extent, found.Memory, KvTier.Memory, found);
        }

        var name = BlobNames.Of(context, payload.Object);
        if (SegmentWindows.MayHold(payload) && await FindInWindowAsync(extent, name) is { } run)
        {
            return run;
        }

        var lease = memory.TryRent(payload.Length);
        IMemoryOwner<byte>? pooled = lease is null ? MemoryPool<byte>.Shared.Rent(payload.Length) : null;
        var buffer = lease?.Memory ?? pooled!.Memory[..payload.Length];
        try
        {
            var read = await reader.ReadAsync(name, payload.Offset, buffer);
            if (read.IsMissing || read.Count < payload.Length)
            {
                throw new CorruptObjectException(read.IsMissing
                    ? $"{name} is missing"
                    : $"{name} ends at {read.Length}, within the {payload.Length} bytes at {payload.Offset}");
            }

            if (ManifestCodec.Checksum(buffer.Span) != payload.Checksum)
            {
                throw new CorruptObjectException(
                    $"{name}: the {payload.Length} bytes at {payload.Offset} fail their checksum");
            }
        }
        catch
        {
            lease?.Dispose();
            pooled?.Dispose();
            throw;
        }

        if (lease is not null)
        {
            memory.Publish(key, lease);
        }

        return Run(extent, buffer, KvTier.Blob, (IDisposable?)lease ?? pooled);
    }

    /// <summary>The payload out of a window; <see langword="null"/> where it is to be read alone, so that a fault is its own.</summary>
    private async Task<KvRunData?> FindInWindowAsync(KvExtent extent, string name)
    {
        var payload = extent.Payload;
        if (await _windows.FindAsync(payload, name) is not var (frames, hold, isFromMemory))
        {
            return null;
        }

        if (ManifestCodec.Checksum(frames.Span) == payload.Checksum)
        {
            return Run(extent, frames, isFromMemory ? KvTier.Memory : KvTier.Blob, hold);
        }

        hold.Dispose();
        _windows.Forget(payload);
        return null;
    }

    // A chunk's id names it for its own context and for the forks that refer to it alike.
    private static PayloadRef KeyOf(PayloadRef payload) => payload.Object.Context is null
        ? payload
        : payload with { Object = payload.Object with { Context = null } };

    private static KvRunData Run(KvExtent extent, ReadOnlyMemory<byte> frames, KvTier tier, IDisposable? lease) =>
        new(extent.FirstPosition, extent.WrittenCount, extent.PrefixHash, frames, tier, lease);
}
