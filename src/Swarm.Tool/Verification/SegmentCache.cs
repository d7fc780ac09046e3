using Swarm.Core.Identity;
using Swarm.Format.Segments;
using Swarm.Storage.Log;

namespace Swarm.Tool.Verification;

/// <summary>Indexes of segments that were read lately: the tails of many contexts are one log.</summary>
internal sealed class SegmentCache(SegmentReader reader)
{
    private const int MaxSegments = 2048;
    private readonly Dictionary<(Id128 Writer, ulong Sequence), Segment> _segments = [];

    /// <summary>Reads an index, see <see cref="SegmentReader.ReadAsync"/>. What is missing is looked for anew each time.</summary>
    public async Task<Segment?> ReadAsync(Id128 writer, ulong sequence)
    {
        if (_segments.TryGetValue((writer, sequence), out var known))
        {
            return known;
        }

        var segment = await reader.ReadAsync(writer, sequence);
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
}
