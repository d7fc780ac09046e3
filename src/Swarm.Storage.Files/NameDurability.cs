using System.Collections.Concurrent;

namespace Swarm.Storage.Files;

/// <summary>Which objects' names are known to survive power loss.</summary>
/// <remarks>
/// With hard links a file keeps its temporary name until its own is durable: two links say that it may not be. Without,
/// nothing in the folder tells: each object that is seen for the first time is taken for one that may be lost.
/// </remarks>
internal sealed class NameDurability
{
    private const int MaxRemembered = 65_536;

    private readonly ConcurrentDictionary<string, bool> _durable = new(StringComparer.Ordinal);
    private volatile bool _hasLinks = true;

    /// <summary>Whether objects get their names by hard links; otherwise by renaming.</summary>
    public bool HasLinks => _hasLinks;

    /// <summary>From now on without links. Whatever was seen before must have been made durable.</summary>
    public void GoWithoutLinks() => _hasLinks = false;

    /// <summary>Whether an object's name is known to be durable.</summary>
    /// <param name="stat">Its file.</param>
    /// <param name="etag">Its ETag.</param>
    public bool IsKnown(in FileStat stat, string etag) => HasLinks ? stat.Links == 1 : _durable.ContainsKey(etag);

    /// <summary>Notes that an object's folder was flushed after the object had its name.</summary>
    /// <param name="etag">Its ETag.</param>
    public void Note(string etag)
    {
        if (HasLinks)
        {
            return;
        }

        if (_durable.Count >= MaxRemembered)
        {
            _durable.Clear(); // They are flushed once more; nothing is lost.
        }

        _durable.TryAdd(etag, true);
    }
}
