using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Storage;

namespace Swarm.Tool.Verification;

/// <summary>Knows what contexts need, and counts the rest of what was listed before (protocol, rules 17 and 18).</summary>
internal sealed class OrphanCounter
{
    private static readonly ulong SegmentsOfIndex = (ulong)new ContextStoreOptions().IndexSegments;
    private readonly HashSet<string> _needed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<Id128, ulong> _tails = [];

    /// <summary>Whether damage hides what some context needs: nothing can be called an orphan then.</summary>
    public bool IsBlind { get; set; }

    /// <summary>Segments that some context needs.</summary>
    public long Segments { get; private set; }

    /// <summary>Chunks that some context needs.</summary>
    public long Chunks { get; private set; }

    /// <summary>Notes what a walk needs.</summary>
    public void Add(ContextWalk walk)
    {
        IsBlind |= walk.Root is null || walk.ExtentPages.Count < walk.Root.ExtentPages.Length;
        foreach (var name in walk.Needed.Concat(walk.Extents.Select(walk.ObjectOf)))
        {
            if (_needed.Add(name))
            {
                Segments += name.StartsWith(BlobNames.LogsPrefix, StringComparison.Ordinal) ? 1 : 0;
                Chunks += name.StartsWith(BlobNames.ChunksPrefix, StringComparison.Ordinal) ? 1 : 0;
            }
        }

        if (walk.Root is not { } root)
        {
            return;
        }

        foreach (var (writer, sequence) in root.Tails)
        {
            _tails[writer] = Math.Min(sequence, _tails.GetValueOrDefault(writer, ulong.MaxValue));
        }

        if (!root.IncarnationId.IsDefault)
        {
            // An open session writes before its root refers to it.
            _sessions.Add(FolderOf(BlobNames.Page(walk.Id, root.IncarnationId, default)));
            _sessions.Add(FolderOf(BlobNames.Chunk(walk.Id, root.IncarnationId, default)));
        }
    }

    /// <summary>Counts.</summary>
    /// <param name="inventory">What was listed before the roots.</param>
    /// <param name="seals">Names of seals: they are never deleted.</param>
    public IReadOnlyList<OrphanCount>? Count(Inventory inventory, IReadOnlySet<string> seals)
    {
        if (IsBlind)
        {
            return null;
        }

        // What lies behind a lost segment is kept.
        foreach (var (writer, sequence) in inventory.Lost)
        {
            _tails[writer] = Math.Min(sequence, _tails.GetValueOrDefault(writer, ulong.MaxValue));
        }

        var segments = inventory.Logs.SelectMany(log => log.Value
            .Where(item => item.Sequence < _tails.GetValueOrDefault(log.Key, ulong.MaxValue))
            .Select(item => (Name: BlobNames.Log(log.Key, item.Sequence), item.Length)));
        return
        [
            Count("pages", inventory.Pages.Where(page => !_sessions.Contains(FolderOf(page.Key)))
                .Select(page => (page.Key, page.Value))),
            Count("chunks", inventory.Chunks.Where(chunk => !_sessions.Contains(FolderOf(chunk.Key)))
                .Select(chunk => (chunk.Key, chunk.Value))),
            Count("log indexes", inventory.Indexes
                .Where(index => index.First + SegmentsOfIndex <= _tails.GetValueOrDefault(index.Writer, ulong.MaxValue))
                .Select(index => (BlobNames.LogIndex(index.Writer, index.First), index.Length))),
            Count("segments", segments.Where(segment => !seals.Contains(segment.Name))),
        ];
    }

    private OrphanCount Count(string kind, IEnumerable<(string Name, long Length)> objects)
    {
        var orphans = objects.Where(item => !_needed.Contains(item.Name)).ToArray();
        return new OrphanCount(kind, orphans.Length, orphans.Sum(item => item.Length));
    }

    private static string FolderOf(string name) => name[..name.LastIndexOf('/')];
}
