using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Tool.Stores;

namespace Swarm.Tool.Verification;

/// <summary>Indexes of segments that were read lately: the tails of many contexts are one log.</summary>
internal sealed class SegmentCache(StoreReader reader)
{
    private const int MaxSegments = 2048;
    private readonly Dictionary<(Id128 Writer, ulong Sequence), Segment> _segments = [];

    /// <summary>
    /// Reads a segment's records as an opening silo would: one that is damaged or gone may still be in an index of its log. What
    /// is missing is looked for anew each time.
    /// </summary>
    /// <exception cref="CorruptObjectException">It is damaged, and no index has it; the message names it.</exception>
    public async Task<Segment?> ReadAsync(Id128 writer, ulong sequence)
    {
        if (_segments.TryGetValue((writer, sequence), out var known))
        {
            return known;
        }

        var segment = await ReadNowAsync(writer, sequence);
        if (segment is not null)
        {
            if (_segments.Count == MaxSegments)
            {
                _segments.Clear();
            }

            _segments[(writer, sequence)] = segment;
        }

        return segment;
    }

    private async Task<Segment?> ReadNowAsync(Id128 writer, ulong sequence)
    {
        CorruptObjectException? fault = null;
        try
        {
            if (await reader.Segments.ReadAsync(writer, sequence) is { } segment)
            {
                return segment;
            }
        }
        catch (CorruptObjectException error)
        {
            fault = error;
        }

        await foreach (var indexed in reader.Logs.ReadIndexedAsync(writer, sequence))
        {
            if (indexed.Sequence == sequence)
            {
                return indexed;
            }
        }

        return fault is null ? null : throw fault;
    }
}
