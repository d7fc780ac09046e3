using Swarm.Format.Manifests;

namespace Swarm.Storage.Manifests;

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

    /// <summary>Gives up extents that reach behind a length: a run's hash names all of it, so none is cut in two.</summary>
    public void Truncate(long length)
    {
        while (_tail.Count > 0 && _tail[^1].EndPosition > length)
        {
            _tail.RemoveAt(_tail.Count - 1);
        }

        Version++;
    }

    /// <summary>Notes that the first extents of the tail were written as a page.</summary>
    public void Seal(PageRef page)
    {
        _pages.Add(page);
        _tail.RemoveRange(0, page.Items);
        Version++;
    }
}
