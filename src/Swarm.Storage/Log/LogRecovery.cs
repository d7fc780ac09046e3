using System.Buffers;
using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Storage.Scheduling;

namespace Swarm.Storage.Log;

/// <summary>Reads the log of a writer that is gone, and seals it at the first missing number (protocol, recover).</summary>
internal sealed class LogRecovery(
    IBlobStore store, SegmentReader segments, TimeProvider time, IIdSource ids, ILogger logger)
{
    private const int ReadAhead = 8;
    private const int SealTries = 5;

    /// <summary>Reads segments in order until the seal, which is made if it is not there yet.</summary>
    /// <param name="writer">A writer that is dead, or whose log may be taken.</param>
    /// <param name="first">First segment wanted.</param>
    /// <param name="fold">Takes each segment, in order.</param>
    /// <exception cref="CorruptObjectException">A segment's index is damaged; the message names it. Nothing was sealed.</exception>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task RecoverAsync(Id128 writer, ulong first, Func<Segment, Task> fold)
    {
        var ahead = new Queue<Task<Segment?>>();
        var next = first;
        for (var sequence = first; ; sequence++)
        {
            while (ahead.Count < ReadAhead)
            {
                ahead.Enqueue(segments.ReadAsync(writer, next++));
            }

            // What was read ahead as missing may have come since: the create below tells.
            var segment = await ahead.Dequeue();
            if (segment is null)
            {
                if (await SealAsync(writer, sequence))
                {
                    Forget(ahead);
                    StorageMetrics.Seals.Add(1);
                    StorageLog.LogRecovered(logger, writer, first, sequence - first, sequence);
                    return;
                }

                Forget(ahead);
                next = sequence + 1;
                segment = await segments.ReadAsync(writer, sequence)
                    ?? throw new CorruptObjectException(
                        $"{BlobNames.Log(writer, sequence)} exists and cannot be read: the store is inconsistent.");
            }

            if (segment.IsSeal)
            {
                Forget(ahead);
                StorageLog.LogRecovered(logger, writer, first, sequence - first, sequence);
                return;
            }

            await fold(segment);
        }
    }

    /// <summary>Seals a log at a number. False: something is there already.</summary>
    private async Task<bool> SealAsync(Id128 writer, ulong sequence)
    {
        var seal = new Segment(writer, sequence, ids.Next(), true, []);
        ReadOnlySequence<byte> content = SegmentCodec.Encode(seal, [], out _);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var write = await store.CreateAsync(BlobNames.Log(writer, sequence), content, CancellationToken.None);
                return !write.IsRefused;
            }
            catch (BlobStoreException fault) when (fault.IsTransient && attempt < SealTries)
            {
                await Task.Delay(Backoff.After(attempt), time);
            }
        }
    }

    private static void Forget(Queue<Task<Segment?>> ahead)
    {
        foreach (var task in ahead)
        {
            _ = task.ContinueWith(
                done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Current);
        }

        ahead.Clear();
    }
}
