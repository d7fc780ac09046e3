using Swarm.Core.Identity;

namespace Swarm.Clustering.Writers;

/// <summary>The writers last found to be gone. An id is never used again, so it stays true. Thread-safe.</summary>
/// <param name="capacity">How many are remembered.</param>
internal sealed class GoneWriters(int capacity)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Id128> _known = [];
    private readonly Queue<Id128> _order = new();

    /// <summary>Whether a writer is known to be gone.</summary>
    public bool Contains(Id128 writer)
    {
        lock (_lock)
        {
            return _known.Contains(writer);
        }
    }

    /// <summary>Remembers one, and forgets the oldest if there are too many.</summary>
    public void Add(Id128 writer)
    {
        lock (_lock)
        {
            if (!_known.Add(writer))
            {
                return;
            }

            _order.Enqueue(writer);
            if (_order.Count > capacity)
            {
                _known.Remove(_order.Dequeue());
            }
        }
    }
}
