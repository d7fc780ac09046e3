namespace Swarm.Storage.Hosting;

/// <summary>A gate of an incarnation: one asynchronous operation at a time, first come, first served.</summary>
/// <remarks>
/// The test flavour checks the order of gates at each entry (<see cref="GateOrder"/>), so that the exploration would find a deadlock that is only
/// possible. Otherwise a gate is a semaphore and nothing more: each open context has four.
/// </remarks>
#if SWARM_TEST_FLAVOUR
internal sealed class ContextGate(object owner, GateOrder order) : SemaphoreSlim(1)
{
    private static readonly AsyncLocal<System.Collections.Immutable.ImmutableList<ContextGate>?> _entered = new();
    private readonly object _owner = owner;
    private readonly GateOrder _order = order;

    /// <summary>Enters. <see cref="Release"/> leaves, in the same method.</summary>
    public new Task WaitAsync()
    {
        var entered = _entered.Value ?? [];
        if (entered.Find(gate => gate._owner == _owner && gate._order >= _order) is { } other)
        {
            throw new InvalidOperationException($"Gate {_order} is entered from within gate {other._order} of the same incarnation.");
        }

        _entered.Value = entered.Add(this);
        return base.WaitAsync();
    }

    /// <summary>Leaves.</summary>
    public new void Release()
    {
        _entered.Value = (_entered.Value ?? []).Remove(this);
        base.Release();
    }
}
#else
internal sealed class ContextGate : SemaphoreSlim
{
    /// <summary>Makes a gate that nobody has entered.</summary>
    /// <param name="owner">The incarnation.</param>
    /// <param name="order">Its place among the gates of the incarnation.</param>
    public ContextGate(object owner, GateOrder order)
        : base(1) => _ = (owner, order);
}
#endif
