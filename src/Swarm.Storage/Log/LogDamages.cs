using System.Buffers;
using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Log;

/// <summary>Notes of lost segments, in the store: they keep what lies behind until somebody has looked into it and deletes them.</summary>
internal sealed class LogDamages(IBlobStore store, RetryingReader reader, LogHoles holes, TimeProvider time, ILogger logger, StorageMetrics metrics)
{
    private const int MaxBytes = 4096;

    /// <summary>Notes that a segment is lost, if that is not noted yet.</summary>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task NoteAsync(LogPosition lost)
    {
        var name = BlobNames.Damage(lost.Writer, lost.Sequence);
        if (await IsNotedAsync(lost))
        {
            return;
        }

        var behind = await holes.ListBehindAsync(lost.Writer, lost.Sequence);
        var content = LogDamageCodec.Encode(new LogDamage(
            lost.Writer, lost.Sequence, behind.Count > 0 ? behind[^1] : lost.Sequence, behind.Count, time.GetUtcNow()));
        var write = await time.RetryAsync(() => store.CreateAsync(name, new ReadOnlySequence<byte>(content), CancellationToken.None), metrics);
        if (!write.IsRefused)
        {
            metrics.SegmentsLost.Add(1);
            StorageLog.SegmentLost(logger, BlobNames.Log(lost.Writer, lost.Sequence), behind.Count, name);
        }
    }

    /// <summary>Whether a segment's loss is still noted.</summary>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task<bool> IsNotedAsync(LogPosition lost) =>
        (await reader.ReadWholeAsync(BlobNames.Damage(lost.Writer, lost.Sequence), MaxBytes, MaxBytes)).Content is not null;

    /// <summary>The first lost segment of each log that has one.</summary>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task<Dictionary<Id128, ulong>> ListAsync()
    {
        var first = new Dictionary<Id128, ulong>();
        await foreach (var item in store.ListAsync(BlobNames.DamagePrefix, CancellationToken.None))
        {
            if (BlobNames.TryParseDamage(item.Name, out var writer, out var sequence))
            {
                first[writer] = Math.Min(sequence, first.GetValueOrDefault(writer, ulong.MaxValue));
            }
        }

        return first;
    }
}
