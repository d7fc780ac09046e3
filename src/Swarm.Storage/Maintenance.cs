using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Collection;
using Swarm.Storage.Compaction;
using Swarm.Storage.Contexts;
using Swarm.Storage.Hosting;
using Swarm.Storage.Tiers;

namespace Swarm.Storage;

/// <summary>What a store does in the background: checkpoints, rotation of its log, compaction, collection. Never in the way of appends.</summary>
/// <remarks>Runs on the store's loop, in three sequences of its own, so that a slow collection holds up no checkpoint.</remarks>
internal sealed class Maintenance : IAsyncDisposable
{
    /// <summary>Segments that no root lags behind for the sake of few checkpoints: 1,600 indexes to read for a recovery.</summary>
    private const long MaxLag = 200_000;

    private readonly ContextServices _services;
    private readonly Checkpointer _checkpointer;
    private readonly Compactor _compactor;
    private readonly Collector _collector;
    private readonly Func<IReadOnlyList<ContextIncarnation>> _open;
    private readonly Action<ContextIncarnation, string> _end;
    private readonly Func<Task> _rotate;
    private readonly SemaphoreSlim _collecting = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task[] _sequences;

    /// <summary>Starts it.</summary>
    /// <param name="services">What the store's contexts share.</param>
    /// <param name="checkpointer">Checkpoints.</param>
    /// <param name="compactor">Merges small runs.</param>
    /// <param name="collector">Deletes what nobody refers to.</param>
    /// <param name="open">The contexts that are open now.</param>
    /// <param name="end">Ends one of them, for a reason.</param>
    /// <param name="rotate">Goes on in a new log.</param>
    public Maintenance(
        ContextServices services,
        Checkpointer checkpointer,
        Compactor compactor,
        Collector collector,
        Func<IReadOnlyList<ContextIncarnation>> open,
        Action<ContextIncarnation, string> end,
        Func<Task> rotate)
    {
        (_services, _checkpointer, _compactor, _collector) = (services, checkpointer, compactor, collector);
        (_open, _end, _rotate) = (open, end, rotate);
        var options = services.Options;
        _sequences =
        [
            services.Loop.RunAsync(() => RepeatAsync(options.HousekeepingInterval, KeepHouseAsync)),
            services.Loop.RunAsync(() => RepeatAsync(options.HousekeepingInterval, CompactAsync)),
            services.Loop.RunAsync(() => RepeatAsync(options.CollectionInterval, CollectAsync)),
        ];
    }

    /// <summary>Does a round of collection; one at a time.</summary>
    public async Task<CollectionReport> CollectAsync()
    {
        TellOverdueLeases();
        await _collecting.WaitAsync();
        try
        {
            var report = await _collector.RunAsync();
            if (report.Deleted > 0)
            {
                _services.Metrics.Collected.Add(report.Deleted);
                StorageLog.Collected(_services.Logger, report.Deleted, report.DeletedBytes, report.Kept);
            }

            if (report.EndedEarly is { } reason)
            {
                StorageLog.CollectionEnded(_services.Logger, reason);
            }

            return report;
        }
        finally
        {
            _collecting.Release();
        }
    }

    private void TellOverdueLeases()
    {
        if (_services.Memory.FindOverdue() is { Payloads: > 0 } overdue)
        {
            _services.Metrics.LeasesOverdue.Add(overdue.Payloads);
            StorageLog.LeasesOverdue(_services.Logger, overdue.Payloads, overdue.Bytes, MemoryTier.LeaseDeadline.TotalSeconds);
        }
    }

    /// <summary>Stops; what is under way ends first.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        foreach (var sequence in _sequences)
        {
            await sequence;
        }

        _stopping.Dispose();
        _collecting.Dispose();
    }

    private void Stop() => _stopping.Cancel();

    private async Task RepeatAsync(TimeSpan pause, Func<Task> work)
    {
        while (await PauseAsync(pause))
        {
            try
            {
                await work();
            }
            catch (Exception fault) when (IsPassing(fault))
            {
                StorageLog.MaintenanceFailed(_services.Logger, fault);
            }
        }
    }

    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _services.Time, _stopping.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task KeepHouseAsync()
    {
        var options = _services.Options;
        var open = _open();
        var lag = Math.Max(options.CheckpointSegments, Math.Min(MaxLag, (long)open.Count * options.SegmentsPerContext));
        foreach (var context in open.Where(context => NeedsCheckpoint(context, lag)))
        {
            await CheckpointAsync(context);
        }

        await BoundTailRecordsAsync();
        var rotateAt = (ulong)Math.Max(options.RotateSegments, 2 * lag);
        if (_open().Any(context => context.Writer.Acknowledged >= rotateAt))
        {
            await _rotate();
        }
    }

    /// <summary>Checkpoints those that have most behind their roots, until all of it together is within its bound.</summary>
    private async Task BoundTailRecordsAsync()
    {
        var open = _open();
        var over = open.Sum(context => (long)context.TailRecords) - _services.Options.TailRecords;
        if (over <= 0)
        {
            return;
        }

        foreach (var context in open.OrderByDescending(context => context.TailRecords))
        {
            if (over <= 0)
            {
                return;
            }

            over -= context.TailRecords;
            await CheckpointAsync(context);
        }
    }

    private bool NeedsCheckpoint(ContextIncarnation context, long lag) =>
        context.Writer.Acknowledged > context.TailStart + (ulong)lag
        || context.Durable.Extents.Tail.Count >= 2 * _services.Options.PageExtents
        || context.Durable.Inputs.TailBlocks >= 2 * _services.Options.PageBlocks;

    private async Task CheckpointAsync(ContextIncarnation context)
    {
        try
        {
            if (!await _checkpointer.CheckpointAsync(context))
            {
                _end(context, "the root's compare-and-swap was lost, or its outcome is unknown");
            }
        }
        catch (Exception fault) when (IsPassing(fault))
        {
            StorageLog.CheckpointFailed(_services.Logger, _services.Names.Label(context.Id), fault);
        }
    }

    private async Task CompactAsync()
    {
        foreach (var context in _open())
        {
            try
            {
                while (!context.IsEnding && await _compactor.StepAsync(context) is > 0 and var written)
                {
                    _services.Metrics.Compacted.Add(written);
                    await CheckpointAsync(context);
                    if (!await PauseAsync(TimeSpan.FromSeconds((double)written / _services.Options.CompactionBytesPerSecond)))
                    {
                        return;
                    }
                }
            }
            catch (Exception fault) when (IsPassing(fault))
            {
                StorageLog.CompactionFailed(_services.Logger, _services.Names.Label(context.Id), fault);
            }
        }
    }

    private static bool IsPassing(Exception fault) => fault is BlobStoreException or SwarmRefusedException
        or CorruptObjectException or InvalidOperationException;
}
