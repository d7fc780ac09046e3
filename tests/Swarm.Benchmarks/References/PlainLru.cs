using Swarm.Format.Segments;

namespace Swarm.Benchmarks.References;

/// <summary>Least recently used out first: which keys a cache of so many blocks of one size would hold.</summary>
/// <param name="capacity">Blocks.</param>
internal sealed class PlainLru(int capacity)
{
    private readonly Dictionary<PayloadRef, LinkedListNode<PayloadRef>> _nodes = [];
    private readonly LinkedList<PayloadRef> _byUse = new();

    /// <summary>Asks for a block, and takes it in where it is not there.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Ask(PayloadRef key)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return true;
        }

        if (_nodes.Count == capacity)
        {
            _nodes.Remove(_byUse.First!.Value);
            _byUse.RemoveFirst();
        }

        _nodes.Add(key, _byUse.AddLast(key));
        return false;
    }
}
