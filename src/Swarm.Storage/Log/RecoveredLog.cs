using Swarm.Core.Identity;
using Swarm.Format.Segments;

namespace Swarm.Storage.Log;

/// <summary>What was read of a log that is sealed.</summary>
/// <remarks>
/// A log may have several seals: a writer that does not know of its first one may have named a later number as the start
/// of a context's records, and whoever recovers from there seals again. Each reading goes from its start to the next seal.
/// </remarks>
internal sealed class RecoveredLog
{
    private readonly Dictionary<ulong, ILookup<ContextId, LogRecord>> _segments = [];
    private readonly HashSet<ulong> _seals = [];
    private readonly HashSet<ulong> _lost = [];

    /// <summary>One reading of the log at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    /// <summary>Readers that hold or wait for <see cref="Gate"/>.</summary>
    public int Users { get; set; }

    /// <summary>Records in all.</summary>
    public int Records { get; private set; }

    /// <summary>Whether a segment or seal is here, or known to be lost.</summary>
    public bool Has(ulong sequence) => _segments.ContainsKey(sequence) || _seals.Contains(sequence) || _lost.Contains(sequence);

    /// <summary>Whether a seal is known to be at a number.</summary>
    public bool IsSealedAt(ulong sequence) => _seals.Contains(sequence);

    /// <summary>Adds a segment.</summary>
    public void Add(Segment segment)
    {
        if (segment.IsSeal)
        {
            _seals.Add(segment.Sequence);
        }
        else if (_segments.TryAdd(segment.Sequence, segment.Records.ToLookup(record => record.Context)))
        {
            Records += segment.Records.Count;
        }
    }

    /// <summary>Notes a seal.</summary>
    public void AddSeal(ulong sequence) => _seals.Add(sequence);

    /// <summary>Notes a segment that was durable and is missing.</summary>
    public void AddLost(ulong sequence) => _lost.Add(sequence);

    /// <summary>A context's records from a segment to the next seal, in order; all of them must be here.</summary>
    /// <returns>Records, in parts between lost segments.</returns>
    public IReadOnlyList<RecoveredPart> PartsOf(ContextId context, ulong first)
    {
        var parts = new List<RecoveredPart>();
        var records = new List<LogRecord>();
        ulong? lost = null;
        for (var sequence = first; !_seals.Contains(sequence); sequence++)
        {
            if (_segments.TryGetValue(sequence, out var segment))
            {
                records.AddRange(segment[context]);
                continue;
            }

            parts.Add(new RecoveredPart(lost, records));
            (lost, records) = (sequence, []);
        }

        parts.Add(new RecoveredPart(lost, records));
        return parts;
    }
}
