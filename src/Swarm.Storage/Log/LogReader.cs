using System.Buffers;
using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Log;

/// <summary>Reads logs in order: many segments at once where there is an index of them, one by one where there is none.</summary>
internal sealed class LogReader(
    RetryingReader reader, SegmentReader segments, LogHoles holes, ContextStoreOptions options, ILogger logger, StorageMetrics? metrics = null)
{
    private const int MaxReadAhead = 8;
    private const int ProbeBytes = 64 << 10;

    /// <summary>Whether an index may start at a segment.</summary>
    public bool IsIndexStart(ulong sequence) => sequence % (ulong)options.IndexSegments == 0;

    /// <summary>Reads a log up to its seal, or its first missing segment. Nothing is sealed.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="first">First segment wanted.</param>
    /// <param name="lost">Told each segment that was durable and is missing, in its place among the others.</param>
    /// <exception cref="CorruptObjectException">A segment is damaged; the message names it.</exception>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async IAsyncEnumerable<Segment> ReadAsync(Id128 writer, ulong first, Action<ulong> lost)
    {
        for (var sequence = first; ; sequence++)
        {
            if (sequence == first || IsIndexStart(sequence))
            {
                await foreach (var indexed in ReadIndexedAsync(writer, sequence))
                {
                    if (indexed.Sequence == sequence)
                    {
                        yield return indexed;
                        sequence++;
                    }
                }
            }

            var segment = await segments.ReadAsync(writer, sequence);
            if (segment is { IsSeal: false })
            {
                yield return segment;
            }
            else if (segment is null && await holes.IsLostAsync(writer, sequence))
            {
                lost(sequence);
            }
            else
            {
                yield break;
            }
        }
    }

    /// <summary>Reads the indexes that hold a segment and those behind it, up to the first that is missing.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="sequence">The segment; its index may begin before it.</param>
    /// <param name="isKnown">Segments whose index need not be read: there it ends.</param>
    /// <returns>What they hold, in order; nothing when there is no index of that segment.</returns>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async IAsyncEnumerable<Segment> ReadIndexedAsync(
        Id128 writer, ulong sequence, Predicate<ulong>? isKnown = null)
    {
        var step = (ulong)options.IndexSegments;
        var next = sequence - (sequence % step);
        for (var count = 1; ; count = Math.Min(2 * count, MaxReadAhead))
        {
            // All are awaited, so that none is left behind when the enumeration ends early.
            var firsts = Enumerable.Range(0, count).Select(index => next + ((ulong)index * step))
                .TakeWhile(first => first <= sequence || isKnown?.Invoke(first) != true).ToArray();
            var indexes = await Task.WhenAll(firsts.Select(first => ReadIndexAsync(writer, first)));
            foreach (var index in indexes)
            {
                if (index is null || index.First != next)
                {
                    yield break;
                }

                foreach (var segment in index.Segments)
                {
                    yield return segment;
                }

                next += step;
                if (index.Segments.Count != (int)step)
                {
                    yield break; // Written under another setting: what follows it starts elsewhere.
                }
            }

            if (firsts.Length < count)
            {
                yield break;
            }
        }
    }

    /// <summary>Reads an index. One that is damaged is as good as none: the segments are still there.</summary>
    private async Task<LogIndex?> ReadIndexAsync(Id128 writer, ulong first)
    {
        var name = BlobNames.LogIndex(writer, first);
        var buffer = ArrayPool<byte>.Shared.Rent(ProbeBytes);
        try
        {
            var read = await reader.ReadAsync(name, 0, buffer);
            if (read.Length > buffer.Length && read.Length <= LogIndexCodec.MaxBytes)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent((int)read.Length);
                read = await reader.ReadAsync(name, 0, buffer); // It never changes once it is there.
            }

            return read.IsMissing ? null : Decode(buffer.AsSpan(0, read.Count), writer, first);
        }
        catch (CorruptObjectException fault)
        {
            metrics?.IndexesDamaged.Add(1);
            StorageLog.IndexDamaged(logger, name, fault.Message);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static LogIndex Decode(ReadOnlySpan<byte> content, Id128 writer, ulong first)
    {
        var index = LogIndexCodec.Decode(content);
        return index.Writer == writer && index.First == first
            ? index
            : throw new CorruptObjectException($"it says that it is {index.Writer}/{index.First}");
    }
}
