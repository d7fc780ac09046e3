using Swarm.Core.Identity;

namespace Swarm.Grains.Contexts;

/// <summary>Acquisitions that this activation granted: what tells a late duplicate from a new request.</summary>
/// <remarks>
/// Bounded, and lost with the activation: the safety net is the expected epoch in storage. This only saves a context
/// from being handed to a session that is over, which would keep it owned until that session counts as silent.
/// </remarks>
/// <param name="capacity">Grants remembered.</param>
internal sealed class SpentGrants(int capacity)
{
    private readonly Dictionary<Digest256, Grant> _grants = [];
    private readonly Queue<Digest256> _order = new();

    /// <summary>Remembers a grant. Repeating it is harmless.</summary>
    /// <param name="secretHash">The request's nonce.</param>
    /// <param name="epoch">Epoch granted.</param>
    /// <param name="previousHolder">Who held the context before.</param>
    public void Add(Digest256 secretHash, Epoch epoch, string previousHolder)
    {
        if (!_grants.TryAdd(secretHash, new Grant(epoch, previousHolder)))
        {
            return;
        }

        _order.Enqueue(secretHash);
        if (_order.Count > capacity)
        {
            _grants.Remove(_order.Dequeue());
        }
    }

    /// <summary>The grant that a nonce got, if it is remembered.</summary>
    /// <param name="secretHash">The request's nonce.</param>
    /// <param name="grant">The grant.</param>
    /// <returns>Whether it is remembered.</returns>
    public bool TryGet(Digest256 secretHash, out Grant grant) => _grants.TryGetValue(secretHash, out grant);

    /// <summary>One acquisition.</summary>
    /// <param name="Epoch">Epoch granted.</param>
    /// <param name="PreviousHolder">Who held the context before.</param>
    internal readonly record struct Grant(Epoch Epoch, string PreviousHolder);
}
