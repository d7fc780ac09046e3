using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Tiers;

/// <summary>Brings the payload of an extent from the nearest tier. Thread-safe.</summary>
/// <remarks>
/// What is read from the store is verified. Copies in the nearer tiers, and what is given out as a file, are verified by whoever uses them, in the model's
/// memory: each run comes with the checksum that the manifest has. A reader who finds one damaged asks for a recheck: then copies are verified here, given up where
/// they are damaged, and a good one takes their place.
/// </remarks>
internal sealed class KvFetcher(RetryingReader reader, MemoryTier memory, DiskTier? disk, ContextNames names, ILogger logger, StorageMetrics metrics)
{
    private readonly SegmentWindows _windows = new(reader, memory);

    /// <summary>Fetches a payload.</summary>
    /// <param name="context">Whose it is.</param>
    /// <param name="extent">Where it is.</param>
    /// <param name="reading">How it is read. <see cref="KvReading.Rechecked"/>: copies are verified here, and given up where they are damaged.</param>
    /// <returns>The run; the caller disposes it.</returns>
    /// <exception cref="CorruptObjectException">It is damaged or missing; the message names the object.</exception>
    /// <exception cref="Blobs.BlobStoreException">The store cannot be reached.</exception>
    public async Task<KvRunData> FetchAsync(ContextId context, KvExtent extent, KvReading reading)
    {
        var isRecheck = reading == KvReading.Rechecked;
        var payload = extent.Payload;
        var key = KeyOf(payload);
        if (FindInMemory(context, extent, key, isRecheck) is { } nearest)
        {
            return nearest;
        }

        if (reading == KvReading.FromFiles && disk is not null && await disk.TryOpenAsync(key) is { } file)
        {
            return InFile(extent, KvTier.Disk, file);
        }

        if (disk?.Contains(key) == true && await FindOnDiskAsync(disk, context, extent, key, isRecheck) is { } near)
        {
            return near;
        }

        var name = BlobNames.Of(context, payload.Object);
        if (SegmentWindows.MayHold(payload) && await FindInWindowAsync(extent, name) is { } run)
        {
            return run;
        }

        if (reading == KvReading.FromFiles && await reader.TryOpenAsync(name, payload.Offset, payload.Length) is { } stored)
        {
            stored.GivenUp += reason =>
            {
                metrics.FilesNotSent.Add(1);
                StorageLog.FileNotSent(logger, name, reason, KvFile.MaxGivenUp);
            };
            return InFile(extent, KvTier.Blob, stored);
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

        Promote(key, new TierPlace(context, extent.FirstPosition), lease, KvTier.Blob, isRecheck);
        return Run(extent, buffer, KvTier.Blob, lease);
    }

    private KvRunData? FindInMemory(ContextId context, KvExtent extent, PayloadRef key, bool isRecheck)
    {
        if (!memory.TryGet(key, out var found))
        {
            return null;
        }

        if (!isRecheck || ManifestCodec.Checksum(found.Memory.Span) == key.Checksum)
        {
            return Run(extent, found.Memory, KvTier.Memory, found);
        }

        found.Dispose();
        memory.Remove(key);
        metrics.MemoryTierDamaged.Add(1);
        StorageLog.MemoryTierDamaged(logger, names.Label(context), extent.FirstPosition);
        return null;
    }

    /// <summary>The payload out of the disk tier; <see langword="null"/> where it turns out not to be there.</summary>
    private async Task<KvRunData?> FindOnDiskAsync(
        DiskTier from, ContextId context, KvExtent extent, PayloadRef key, bool isRecheck)
    {
        var lease = memory.Rent(key.Length);
        try
        {
            if (!await from.TryReadAsync(key, lease.Memory, isRecheck))
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

        Promote(key, new TierPlace(context, extent.FirstPosition), lease, KvTier.Disk, isRecheck);
        return Run(extent, lease.Memory, KvTier.Disk, lease);
    }

    private void Promote(PayloadRef key, TierPlace place, TierLease lease, KvTier from, bool isRecheck)
    {
        if (isRecheck)
        {
            memory.Remove(key); // Another reader may have taken a damaged copy up again.
        }

        // What comes from the disk is there, or has just been given up as damaged: it does not go back.
        memory.Publish(key, place, lease, isOffered: from != KvTier.Disk);
        metrics.Promoted.Add(key.Length, StorageMetrics.Tag(StorageMetrics.TierKey, StorageMetrics.NameOf(from)));
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
        new(extent.FirstPosition, extent.Count, extent.PrefixHash, frames, tier, lease) { Checksum = extent.Payload.Checksum };

    private static KvRunData InFile(KvExtent extent, KvTier tier, KvFile file) =>
        KvRunData.InFile(extent.FirstPosition, extent.Count, extent.PrefixHash, tier, file, extent.Payload.Checksum);
}
