using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Swarm.Storage.Hosting;

/// <summary>A gate of an incarnation: one asynchronous operation at a time, first come, first served.</summary>
/// <remarks>The test flavour checks the order of gates at each entry (<see cref="GateOrder"/>), so that the exploration would find a deadlock that is only possible.</remarks>
/// <param name="owner">The incarnation.</param>
/// <param name="order">Its place among the gates of the incarnation.</param>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing.")]
internal sealed class ContextGate(object owner, GateOrder order)
{
    private static readonly AsyncLocal<ImmutableList<ContextGate>?> _entered = new();
    private readonly SemaphoreSlim _semaphore = new(1);
    private readonly object _owner = owner;
    private readonly GateOrder _order = order;

    /// <summary>Enters. <see cref="Release"/> leaves, in the same method.</summary>
    public Task WaitAsync()
    {
        NoteEntry();
        return _semaphore.WaitAsync();
    }

    /// <summary>Leaves.</summary>
    public void Release()
    {
        NoteLeave();
        _semaphore.Release();
    }

    [Conditional("SWARM_TEST_FLAVOUR")]
    private void NoteEntry()
    {
        var entered = _entered.Value ?? [];
        if (entered.Find(gate => gate._owner == _owner && gate._order >= _order) is { } other)
        {
            throw new InvalidOperationException($"Gate {_order} is entered from within gate {other._order} of the same incarnation.");
        }

        _entered.Value = entered.Add(this);
    }

    [Conditional("SWARM_TEST_FLAVOUR")]
    private void NoteLeave() => _entered.Value = (_entered.Value ?? []).Remove(this);
}
