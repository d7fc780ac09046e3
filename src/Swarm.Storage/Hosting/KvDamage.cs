using System.Collections.Immutable;
using Swarm.Format.Objects;

namespace Swarm.Storage.Hosting;

/// <summary>Where reads found the stored KV of a context damaged, so that whoever has it again may put it in place. Thread-safe.</summary>
internal sealed class KvDamage
{
    private const int MaxRuns = 4096; // Of what is beyond, the next reader tells again.

    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<long, long> _runs = ImmutableSortedDictionary<long, long>.Empty; // Shared by all contexts that are whole.
    private ImmutableHashSet<PageRef> _pages = [];

    /// <summary>Notes a damaged run.</summary>
    public void Note(long firstPosition, long endPosition)
    {
        lock (_lock)
        {
            if (_runs.Count < MaxRuns)
            {
                _runs = _runs.SetItem(firstPosition, Math.Max(endPosition, _runs.GetValueOrDefault(firstPosition)));
            }
        }
    }

    /// <summary>Notes a page of extents that compaction could not read.</summary>
    public void NotePage(PageRef page)
    {
        lock (_lock)
        {
            _pages = _pages.Add(page);
        }
    }

    /// <summary>Whether compaction could not read a page.</summary>
    public bool HasPage(PageRef page)
    {
        lock (_lock)
        {
            return _pages.Contains(page);
        }
    }

    /// <summary>Whether any of some positions is in a damaged run.</summary>
    public bool Overlaps(long firstPosition, long endPosition)
    {
        lock (_lock)
        {
            return _runs.Any(run => run.Key < endPosition && run.Value > firstPosition);
        }
    }

    /// <summary>Whether all of some positions are in one damaged run.</summary>
    public bool Covers(long firstPosition, long endPosition)
    {
        lock (_lock)
        {
            return _runs.Any(run => run.Key <= firstPosition && run.Value >= endPosition);
        }
    }

    /// <summary>Notes that KV of some positions was put in place.</summary>
    public void Forget(long firstPosition, long endPosition)
    {
        lock (_lock)
        {
            foreach (var (first, end) in _runs.Where(run => run.Key < endPosition && run.Value > firstPosition).ToArray())
            {
                _runs = _runs.Remove(first);
                if (first < firstPosition)
                {
                    _runs = _runs.SetItem(first, firstPosition);
                }

                if (end > endPosition)
                {
                    _runs = _runs.SetItem(endPosition, end);
                }
            }
        }
    }
}
