using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Log;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Reading;

/// <summary>Brings the payload of an extent from the nearest tier, verified. Thread-safe.</summary>
internal sealed class KvFetcher(RetryingReader reader, MemoryTier memory, DiskTier? disk)
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

        if (disk?.Contains(key) == true && await FindOnDiskAsync(disk, context, extent, key) is { } near)
        {
            return near;
        }

        var name = BlobNames.Of(context, payload.Object);
        if (SegmentWindows.MayHold(payload) && await FindInWindowAsync(extent, name) is { } run)
        {
            return run;
        }

        var lease = memory.Rent(payload.Length); // Outside of the capacity where leases hold all of it: for this reader alone.
        var buffer = lease.Memory;
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
            lease.Dispose();
            throw;
        }

        Promote(key, new TierPlace(context, extent.FirstPosition), lease, KvTier.Blob);
        return Run(extent, buffer, KvTier.Blob, lease);
    }

    /// <summary>The payload out of the disk tier; <see langword="null"/> where it turns out not to be there.</summary>
    private async Task<KvRunData?> FindOnDiskAsync(DiskTier from, ContextId context, KvExtent extent, PayloadRef key)
    {
        var lease = memory.Rent(key.Length);
        try
        {
            if (!await from.TryReadAsync(key, lease.Memory))
            {
                lease.Dispose();
                return null;
            }
        }
        catch
        {
            lease.Dispose();
            throw;
        }

        Promote(key, new TierPlace(context, extent.FirstPosition), lease, KvTier.Disk);
        return Run(extent, lease.Memory, KvTier.Disk, lease);
    }

    private void Promote(PayloadRef key, TierPlace place, TierLease lease, KvTier from)
    {
        memory.Publish(key, place, lease);
        StorageMetrics.Promoted.Add(key.Length, new KeyValuePair<string, object?>("tier", from.ToString()));
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
        new(extent.FirstPosition, extent.Count, extent.PrefixHash, frames, tier, lease);
}
