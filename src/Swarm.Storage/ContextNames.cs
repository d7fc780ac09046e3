using System.Collections.Concurrent;
using Swarm.Core.Identity;

namespace Swarm.Storage;

/// <summary>Names of the contexts that a store has met: ids are hashes of names, and tell a reader of its log nothing. Thread-safe.</summary>
public sealed class ContextNames
{
    private const int Remembered = 65_536;

    private readonly ConcurrentDictionary<ContextId, string> _names = new();

    /// <summary>A context for a log line: its name and id, or the id alone where the name was not met lately.</summary>
    /// <param name="id">The context.</param>
    public string Label(ContextId id) => _names.TryGetValue(id, out var name) ? $"{name} ({id})" : $"({id})";

    /// <summary>Remembers a name.</summary>
    /// <param name="id">The context.</param>
    /// <param name="name">Its name within its tenant.</param>
    internal void Note(ContextId id, string name)
    {
        if (_names.Count >= Remembered)
        {
            _names.Clear(); // Those in use come back when they are opened or met again.
        }

        _names[id] = name;
    }
}
