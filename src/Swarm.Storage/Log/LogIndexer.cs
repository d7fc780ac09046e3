using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Log;

/// <summary>Writes the indexes of a writer's log: heads of its acknowledged segments, many to an object (protocol, rule 21). Lives on the store's loop.</summary>
/// <remarks>
/// An index saves whoever recovers the log most of its reads, so that roots may lag far behind it. Nothing else hangs on it:
/// where one is missing, the segments themselves are read. What it says stays true, since acknowledged segments never change and
/// no seal comes before them.
/// </remarks>
internal sealed class LogIndexer(IBlobStore store, ContextStoreOptions options, TimeProvider time, ILogger logger, StorageMetrics metrics, Id128 writer)
{
    private List<ReadOnlyMemory<byte>> _heads = [];
    private ulong _first;

    /// <summary>Adds the next segment of the log.</summary>
    /// <param name="head">Its bytes up to its payload; not changed any more.</param>
    public void Add(ReadOnlyMemory<byte> head)
    {
        _heads.Add(head);
        if (_heads.Count == options.IndexSegments)
        {
            var (first, heads) = (_first, _heads);
            (_first, _heads) = (first + (ulong)heads.Count, []);
            _ = PutAsync(BlobNames.LogIndex(writer, first), first, heads);
        }
    }

    private async Task PutAsync(string name, ulong first, List<ReadOnlyMemory<byte>> heads)
    {
        try
        {
            // Refused: an earlier try of the same bytes was late.
            await time.RetryAsync(() => store.CreateAsync(name, LogIndexCodec.Encode(writer, first, heads), CancellationToken.None), metrics);
        }
        catch (Exception fault) when (fault is BlobStoreException or ArgumentException)
        {
            metrics.IndexesFailed.Add(1);
            StorageLog.IndexFailed(logger, name, fault.Message);
        }
    }
}
