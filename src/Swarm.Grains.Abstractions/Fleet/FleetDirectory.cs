namespace Swarm.Grains.Abstractions.Fleet;

/// <summary>On which silo each context of a tenant is open that its fleet has to look after. No side effects, no clock: the caller gives the time.</summary>
/// <remarks>
/// A context that is open nowhere has nobody who would notice that it needs a holder, so the fleet has it opened again. The silos keep copies, which they
/// bring up to date by versions and tell to the next activation of the fleet: a silo that is lost may have had both the contexts and the fleet. Entries may
/// be out of date in both directions; opening a context once too often is harmless. Not thread-safe.
/// </remarks>
internal sealed class FleetDirectory
{
    /// <summary>A silo that has told nothing for so long is gone. Silos tell something every second.</summary>
    public static readonly TimeSpan SiloTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Most changes in one answer to a copy.</summary>
    public const int MaxChanges = 1024;

    private static readonly TimeSpan _retryTime = TimeSpan.FromSeconds(2);
    private const int MaxRemoved = 4096;

    private readonly Dictionary<string, KnownPlace> _entries = new(StringComparer.Ordinal);
    private readonly SortedSet<(long Version, string Context)> _byVersion = [];
    private readonly Queue<(long Version, string Context)> _removed = new();
    private readonly Dictionary<Guid, DateTimeOffset> _heard = [];
    private long _version;
    private long _forgotten; // Up to here it is not known any more what was removed.

    /// <summary>A silo has told something.</summary>
    public void Heard(Guid silo, DateTimeOffset now) => _heard[silo] = now;

    /// <summary>A context is open on a silo.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="silo">The silo.</param>
    /// <param name="isWanted">Whether the fleet has to look after it: somebody holds it, or it needs a holder.</param>
    public void Open(string context, Guid silo, bool isWanted)
    {
        if (!isWanted)
        {
            Remove(context);
        }
        else if (!_entries.TryGetValue(context, out var entry) || entry.Silo != silo)
        {
            Set(context, silo);
        }
    }

    /// <summary>A context was closed on a silo. If it is open on another one since, that counts.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="silo">The silo.</param>
    /// <param name="isWanted">Whether the fleet still has to look after it: it is open nowhere, and is to be opened.</param>
    public void Close(string context, Guid silo, bool isWanted)
    {
        var known = _entries.GetValueOrDefault(context)?.Silo;
        if (isWanted && (known is null || known == silo))
        {
            Set(context, Guid.Empty);
        }
        else if (known == silo)
        {
            Remove(context);
        }
    }

    /// <summary>A context does not have to be looked after any more.</summary>
    public void Remove(string context)
    {
        if (_entries.TryGetValue(context, out var entry) && entry.Silo is not null)
        {
            Set(context, null);
            _removed.Enqueue((_version, context));
            while (_removed.Count > MaxRemoved)
            {
                var (version, name) = _removed.Dequeue();
                _forgotten = version;
                if (_byVersion.Remove((version, name)))
                {
                    _entries.Remove(name);
                }
            }
        }
    }

    /// <summary>Takes in what a silo remembers of an activation before this one. What this one was told itself counts more.</summary>
    public void Remember(IEnumerable<DirectoryEntry> entries, DateTimeOffset now)
    {
        foreach (var (context, silo) in entries)
        {
            if (silo is { } known && !_entries.ContainsKey(context))
            {
                Set(context, known);
                if (known != Guid.Empty)
                {
                    _heard.TryAdd(known, now);
                }
            }
        }
    }

    /// <summary>What has changed since a version, oldest first: at most <see cref="MaxChanges"/>, or everything.</summary>
    /// <param name="version">Version of the copy that asks; 0 if it has nothing.</param>
    /// <returns>The changes, the version with them, and whether they are everything: the copy must be emptied first.</returns>
    public (long Version, DirectoryEntry[] Changes, bool IsWhole) Since(long version)
    {
        var isWhole = version < _forgotten;
        (long Version, string Context)[] changes = version >= _version
            ? []
            : [.. _byVersion.GetViewBetween((isWhole ? 0 : version + 1, ""), (long.MaxValue, "")).Take(isWhole ? int.MaxValue : MaxChanges)];
        return (
            changes.Length > 0 ? changes[^1].Version : _version,
            [.. changes.Select(change => new DirectoryEntry(change.Context, _entries[change.Context].Silo))],
            isWhole);
    }

    /// <summary>Contexts that are open nowhere, as far as is known, and are to be opened now. Each comes again after a while, unless it was told of.</summary>
    /// <param name="max">Most of them.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<string> TakeOrphans(int max, DateTimeOffset now)
    {
        foreach (var (silo, heard) in _heard)
        {
            if (now - heard >= SiloTimeout)
            {
                _heard.Remove(silo);
            }
        }

        List<string> orphans = [];
        foreach (var (context, entry) in _entries)
        {
            if (orphans.Count >= max)
            {
                break;
            }

            if (entry.Silo is { } silo && now >= entry.NotBefore && !_heard.ContainsKey(silo))
            {
                orphans.Add(context);
            }
        }

        foreach (var context in orphans)
        {
            _entries[context] = _entries[context] with { NotBefore = now + _retryTime };
        }

        return orphans;
    }

    private void Set(string context, Guid? silo)
    {
        if (_entries.TryGetValue(context, out var before))
        {
            _byVersion.Remove((before.Version, context));
        }

        _entries[context] = new KnownPlace(silo, ++_version, default);
        _byVersion.Add((_version, context));
    }

    /// <summary>Where a context is open; nowhere if the silo is empty; removed if there is none.</summary>
    private sealed record KnownPlace(Guid? Silo, long Version, DateTimeOffset NotBefore);
}
