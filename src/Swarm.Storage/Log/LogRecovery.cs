using System.Globalization;
using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Storage.Scheduling;

namespace Swarm.Storage.Log;

/// <summary>Reads the log of a writer that is gone, and seals it at the first missing number (protocol, recover).</summary>
internal sealed class LogRecovery(
    IBlobStore store,
    SegmentReader segments,
    LogReader logs,
    LogHoles holes,
    TimeProvider time,
    IIdSource ids,
    ILogger logger,
    StorageMetrics metrics,
    ProtocolRules rules)
{
    private const int ReadAhead = 8;

    /// <summary>Reads segments in order until a seal, which is made if it is not there yet. Over lost ones it goes on.</summary>
    /// <param name="writer">A writer that is dead, or whose log may be taken.</param>
    /// <param name="first">First segment wanted.</param>
    /// <param name="log">What is known of this log, and is not read again; afterwards it reaches from the first to a seal.</param>
    /// <exception cref="CorruptObjectException">A segment's index is damaged; the message names it. Nothing was sealed.</exception>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task RecoverAsync(Id128 writer, ulong first, RecoveredLog log)
    {
        if (!rules.Seals)
        {
            await ReadToTheEndAsync(writer, first, log);
            return;
        }

        var limit = rules.SealsAtFirstMissing ? first : await EndOfListAsync(writer);
        var ahead = new Queue<Task<Segment?>>();
        var next = first;
        var sequence = first;
        while (!log.IsSealedAt(sequence))
        {
            if (log.Has(sequence))
            {
                Forget(ahead);
                next = ++sequence;
                continue;
            }

            if ((sequence == first || logs.IsIndexStart(sequence)) && await AddIndexedAsync(writer, sequence, log))
            {
                continue;
            }

            while (ahead.Count < ReadAhead && !log.Has(next) && (next == sequence || !logs.IsIndexStart(next)))
            {
                ahead.Enqueue(segments.ReadAsync(writer, next++));
            }

            // What was read ahead as missing may have come since: the create below tells.
            var segment = await ahead.Dequeue();
            if (segment is not null)
            {
                log.Add(segment);
            }
            else if (sequence < limit)
            {
                log.Add(new Segment(writer, sequence, default, false, []));
            }
            else if (await holes.IsLostAsync(writer, sequence))
            {
                log.AddLost(sequence);
            }
            else if (await SealAsync(writer, sequence, first))
            {
                log.AddSeal(sequence);
                metrics.Seals.Add(1);
                StorageLog.LogRecovered(logger, writer, first, sequence - first, sequence);
            }
            else
            {
                Forget(ahead);
                next = sequence + 1;
                log.Add(await segments.ReadAsync(writer, sequence)
                    ?? throw new CorruptObjectException(
                        $"{BlobNames.Log(writer, sequence)} exists and cannot be read: the store is inconsistent."));
            }

            if (!log.IsSealedAt(sequence))
            {
                sequence++;
            }
        }

        Forget(ahead);
    }

    /// <summary>Takes what indexes hold from a segment on. False: there is none.</summary>
    private async Task<bool> AddIndexedAsync(Id128 writer, ulong sequence, RecoveredLog log)
    {
        await foreach (var segment in logs.ReadIndexedAsync(writer, sequence, log.Has))
        {
            log.Add(segment);
        }

        return log.Has(sequence);
    }

    private async Task ReadToTheEndAsync(Id128 writer, ulong first, RecoveredLog log)
    {
        var sequence = first;
        while (await segments.ReadAsync(writer, sequence) is { IsSeal: false } segment)
        {
            log.Add(segment);
            sequence++;
        }

        log.AddSeal(sequence);
    }

    private async Task<ulong> EndOfListAsync(Id128 writer)
    {
        ulong end = 0;
        await foreach (var item in store.ListAsync($"{BlobNames.LogsPrefix}{writer}/", CancellationToken.None))
        {
            end = ulong.Parse(item.Name.AsSpan(item.Name.LastIndexOf('/') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) + 1;
        }

        return end;
    }

    /// <summary>Seals a log at a number. False: something is there already.</summary>
    private async Task<bool> SealAsync(Id128 writer, ulong sequence, ulong first)
    {
        var content = LogSeals.Encode(writer, sequence, ids.Next(), first);
        return !(await time.RetryAsync(() => store.CreateAsync(BlobNames.Log(writer, sequence), content, CancellationToken.None), metrics)).IsRefused;
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
