using Swarm.DataPlane.Frames;

namespace Swarm.Client.Streaming;

/// <summary>The latest state of each name, and which of them are not durable yet. Thread-safe.</summary>
internal sealed class StateOutbox
{
    private const int MaxBatchBytes = FrameLimits.MaxControlBytes / 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = [];
    private long _version;

    /// <summary>Whether every state is durable.</summary>
    public bool IsDurable
    {
        get
        {
            lock (_lock)
            {
                return _entries.Values.All(entry => entry.Durable == entry.Version);
            }
        }
    }

    /// <summary>The latest version of any state.</summary>
    public long LatestVersion
    {
        get
        {
            lock (_lock)
            {
                return _version;
            }
        }
    }

    /// <summary>The oldest version that is not durable, nor replaced; <see cref="long.MaxValue"/> without any.</summary>
    public long OldestUndurable
    {
        get
        {
            lock (_lock)
            {
                return _entries.Values.Where(entry => entry.Durable < entry.Version)
                    .Select(entry => entry.Version).DefaultIfEmpty(long.MaxValue).Min();
            }
        }
    }

    /// <summary>How many names there are with some more.</summary>
    public int CountWith(IReadOnlyList<NamedState> states)
    {
        lock (_lock)
        {
            return _entries.Count + states.Select(state => state.Name).Distinct().Count(name => !_entries.ContainsKey(name));
        }
    }

    /// <summary>States that are not durable.</summary>
    public IReadOnlyList<NamedState> Undurable()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(entry => entry.Durable < entry.Version).Select(entry => entry.State)];
        }
    }

    /// <summary>Takes over states that are durable already.</summary>
    public void Load(IReadOnlyList<NamedState> states)
    {
        lock (_lock)
        {
            foreach (var state in states)
            {
                _entries[state.Name] = new Entry { State = state };
            }
        }
    }

    /// <summary>Sets a state.</summary>
    /// <returns>Its version: larger than any before.</returns>
    public long Set(NamedState state)
    {
        lock (_lock)
        {
            var old = _entries.GetValueOrDefault(state.Name);
            _entries[state.Name] = new Entry
            {
                State = state,
                Version = ++_version,
                Sent = old?.Sent ?? 0,
                Durable = old?.Durable ?? 0,
            };
            return _version;
        }
    }

    /// <summary>The latest of a name; <see langword="null"/> without any.</summary>
    public NamedState? Find(string name)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(name)?.State;
        }
    }

    /// <summary>The latest of each name.</summary>
    public IReadOnlyDictionary<string, NamedState> Snapshot()
    {
        lock (_lock)
        {
            return _entries.Values.ToDictionary(entry => entry.State.Name, entry => entry.State);
        }
    }

    /// <summary>States that were not sent yet, as many as fit one append.</summary>
    /// <param name="end">Position behind the inputs that are sent by then.</param>
    public IReadOnlyList<(NamedState State, long Version)> TakeUnsent(long end)
    {
        lock (_lock)
        {
            List<(NamedState, long)> taken = [];
            var bytes = 0;
            foreach (var entry in _entries.Values)
            {
                if (entry.Sent == entry.Version || entry.State.Position > end
                    || (bytes += entry.State.Content.Length + 128) > MaxBatchBytes)
                {
                    continue;
                }

                entry.Sent = entry.Version;
                taken.Add((entry.State, entry.Version));
            }

            return taken;
        }
    }

    /// <summary>Notes that states are durable.</summary>
    public void Acknowledge(IReadOnlyList<(NamedState State, long Version)> states)
    {
        lock (_lock)
        {
            foreach (var (state, version) in states)
            {
                if (_entries.TryGetValue(state.Name, out var entry))
                {
                    entry.Durable = Math.Max(entry.Durable, version);
                }
            }
        }
    }

    /// <summary>What was sent and not acknowledged is to be sent again.</summary>
    public void Rewind()
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values)
            {
                entry.Sent = entry.Durable;
            }
        }
    }

    /// <summary>Forgets states behind a length: they have seen positions that are no more.</summary>
    public void Truncate(long length)
    {
        lock (_lock)
        {
            foreach (var name in _entries.Values
                .Where(entry => entry.State.Position > length).Select(entry => entry.State.Name).ToArray())
            {
                _entries.Remove(name);
            }
        }
    }

    private sealed class Entry
    {
        public required NamedState State { get; init; }

        public long Version { get; init; }

        public long Sent { get; set; }

        public long Durable { get; set; }
    }
}
