using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;

namespace Swarm.Storage.State;

/// <summary>The durable KV extents of one open context: sealed pages by reference, the rest in memory.</summary>
/// <remarks>Lives on the store's loop.</remarks>
internal sealed class ExtentTable(IEnumerable<PageRef> sealedPages)
{
    private readonly List<PageRef> _pages = [.. sealedPages];
    private readonly List<KvExtent> _tail = [];

    /// <summary>Pages that are full and never written again.</summary>
    public IReadOnlyList<PageRef> SealedPages => _pages;

    /// <summary>Extents behind the sealed pages.</summary>
    public IReadOnlyList<KvExtent> Tail => _tail;

    /// <summary>Positions in all.</summary>
    public long Length => _tail.Count > 0 ? _tail[^1].EndPosition : TailStart;

    /// <summary>First position behind the sealed pages.</summary>
    public long TailStart => _pages.Count == 0 ? 0 : _pages[^1].EndPosition;

    /// <summary>Changes whenever the tail is cut or moved.</summary>
    public int Version { get; private set; }

    /// <summary>Adds an extent at the end.</summary>
    public void Append(KvExtent extent) => _tail.Add(extent);

    /// <summary>Takes a page's content back into the tail: at opening, or before a rewind into it.</summary>
    public void LoadTail(PageRef page, IReadOnlyList<KvExtent> extents)
    {
        if (_pages.Count > 0 && ReferenceEquals(_pages[^1], page))
        {
            _pages.RemoveAt(_pages.Count - 1);
        }

        _tail.InsertRange(0, extents);
        Version++;
    }

    /// <summary>Extents of the tail that hold positions of a range, without a look at those before.</summary>
    public IReadOnlyList<KvExtent> TailFrom(long first, long end)
    {
        var start = _tail.Count;
        while (start > 0 && _tail[start - 1].EndPosition > first)
        {
            start--;
        }

        var count = 0;
        while (start + count < _tail.Count && _tail[start + count].FirstPosition < end)
        {
            count++;
        }

        return _tail.GetRange(start, count);
    }

    /// <summary>What is left of a length when no extent is cut in two: a run's hash names all of it.</summary>
    /// <param name="length">Positions to keep at most; the page that holds them must have been loaded.</param>
    public long FloorToExtent(long length)
    {
        var cut = _tail.FindIndex(extent => extent.EndPosition > length);
        return cut < 0 || LostKv.IsLost(_tail[cut]) ? Math.Min(length, Length) : _tail[cut].FirstPosition;
    }

    /// <summary>Gives up extents that reach behind a length.</summary>
    public void Truncate(long length)
    {
        while (_tail.Count > 0 && _tail[^1].EndPosition > length)
        {
            var last = _tail[^1];
            _tail.RemoveAt(_tail.Count - 1);
            if (LostKv.IsLost(last) && last.FirstPosition < length)
            {
                _tail.Add(LostKv.Part(last, last.FirstPosition, length));
            }
        }

        Version++;
    }

    /// <summary>Cuts the tail back to a boundary of steps, in the middle of an extent too: for a fork, whose root names what is left.</summary>
    /// <param name="step">The boundary; the page that holds it must have been loaded.</param>
    /// <param name="hashAtStep">Chain hash there.</param>
    public void CutToStep(long step, Func<BlockHash> hashAtStep)
    {
        var cut = _tail.Find(extent => extent.FirstPosition < step && extent.EndPosition > step);
        Truncate(step);
        if (cut is not null && !LostKv.IsLost(cut))
        {
            _tail.Add(cut with { Count = (int)(step - cut.FirstPosition), PrefixHash = hashAtStep() });
        }
    }

    /// <summary>
    /// Adds lost KV up to a length, where it is shorter: a rewind in a page that could not be read keeps KV that a run is cut for when
    /// the page can be read again, and what was appended behind it must still fit.
    /// </summary>
    public void FillTo(long length, Id128 incarnationId)
    {
        if (Length < length)
        {
            _tail.Add(LostKv.Between(Length, length, incarnationId));
        }
    }

    /// <summary>Puts merged extents in the place of those that they were made of.</summary>
    /// <param name="old">Extents as they were in the tail, one behind the other.</param>
    /// <param name="merged">Extents over the same positions.</param>
    /// <param name="comparesExtents">Whether the tail must still hold exactly these.</param>
    /// <returns>False: the tail holds others by now.</returns>
    public bool TryReplace(IReadOnlyList<KvExtent> old, IReadOnlyList<KvExtent> merged, bool comparesExtents)
    {
        var start = _tail.FindIndex(extent => comparesExtents
            ? ReferenceEquals(extent, old[0])
            : extent.FirstPosition == old[0].FirstPosition);
        if (start < 0 || _tail.Count - start < old.Count)
        {
            return false;
        }

        for (var index = 0; comparesExtents && index < old.Count; index++)
        {
            if (!ReferenceEquals(_tail[start + index], old[index]))
            {
                return false;
            }
        }

        _tail.RemoveRange(start, old.Count);
        _tail.InsertRange(start, merged);
        Version++;
        return true;
    }

    /// <summary>Puts one page in the place of those that it was made of.</summary>
    /// <param name="old">Sealed pages as they were, one behind the other.</param>
    /// <param name="page">A page over the same positions.</param>
    /// <returns>False: other pages are there by now.</returns>
    public bool TryReplace(IReadOnlyList<PageRef> old, PageRef page)
    {
        var start = _pages.FindIndex(item => ReferenceEquals(item, old[0]));
        if (start < 0 || _pages.Count - start < old.Count)
        {
            return false;
        }

        for (var index = 0; index < old.Count; index++)
        {
            if (!ReferenceEquals(_pages[start + index], old[index]))
            {
                return false;
            }
        }

        _pages.RemoveRange(start, old.Count);
        _pages.Insert(start, page);
        Version++;
        return true;
    }

    /// <summary>Names the context that wrote pages and chunks, where none is named yet.</summary>
    public void ShareWith(ContextId owner)
    {
        for (var index = 0; index < _pages.Count; index++)
        {
            _pages[index] = _pages[index] with { Context = _pages[index].Context ?? owner };
        }

        for (var index = 0; index < _tail.Count; index++)
        {
            if (_tail[index].Payload.Object is { Kind: ObjectKind.Chunk, Context: null } chunk)
            {
                _tail[index] = _tail[index] with
                {
                    Payload = _tail[index].Payload with { Object = chunk with { Context = owner } },
                };
            }
        }
    }

    /// <summary>Notes that the first extents of the tail were written as a page.</summary>
    public void Seal(PageRef page)
    {
        _pages.Add(page);
        _tail.RemoveRange(0, page.Items);
        Version++;
    }
}
