using Swarm.Client.Streaming;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Client.InMemory;

/// <summary>The fleet of one tenant of a swarm in memory: the planner that silos have, over the contexts that are at hand.</summary>
/// <param name="store">The contexts.</param>
/// <param name="tenant">The tenant.</param>
internal sealed class InMemoryFleet(InMemoryStore store, string tenant)
{
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly FleetPlanner _planner = new();
    private readonly Dictionary<string, InMemoryMember> _members = new(StringComparer.Ordinal);
    private readonly Pulse _answered = new();
    private ITimer? _timer;

    /// <summary>The agents that have joined.</summary>
    public IReadOnlyList<FleetAgent> Agents
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _members.Values.OrderBy(member => member.Agent, StringComparer.Ordinal).Select(member => new FleetAgent(
                        member.Agent,
                        member.Profile,
                        member.Report().Follows.ToDictionary(follow => follow.Context, follow => new Watermarks(follow.Tokens, follow.Kv), StringComparer.Ordinal),
                        member.Report().Holds,
                        TimeSpan.Zero)),
                ];
            }
        }
    }

    /// <summary>An agent joins; one of its name that has joined before gets no more offers.</summary>
    public void Join(InMemoryMember member)
    {
        lock (_lock)
        {
            _members[member.Agent] = member;
            _timer ??= store.TimeProvider.CreateTimer(_ => Plan(), null, _period, _period);
        }

        Plan();
    }

    /// <summary>An agent leaves.</summary>
    public void Leave(InMemoryMember member)
    {
        lock (_lock)
        {
            if (_members.GetValueOrDefault(member.Agent) == member)
            {
                _members.Remove(member.Agent);
                _planner.Leave(member.Agent, member.Session);
            }

            if (_members.Count == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }

    /// <summary>Notes an answer.</summary>
    /// <returns>Whether the offer stood still.</returns>
    public bool Answer(string agent, Guid offer, bool isAccepted)
    {
        lock (_lock)
        {
            var isOpen = _planner.Answer(agent, offer, isAccepted, store.TimeProvider.GetUtcNow());
            _answered.Fire();
            return isOpen;
        }
    }

    /// <summary>Finds a successor for a session that goes on until there is one.</summary>
    public async Task<string> FindSuccessorAsync(Func<ContextNote> note, string reason, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answered = _answered.Next;
            lock (_lock)
            {
                var planned = note();
                _planner.Note(planned, reason, store.TimeProvider.GetUtcNow());
                if (_planner.ReadyFor(planned.Context) is { } successor)
                {
                    return successor;
                }
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(answered, Task.Delay(TimeSpan.FromSeconds(1), store.TimeProvider, over.Token)).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void Plan()
    {
        lock (_lock)
        {
            var now = store.TimeProvider.GetUtcNow();
            foreach (var member in _members.Values)
            {
                _planner.Report(member.Agent, member.Report(), now);
            }

            foreach (var (name, status, wasHeld) in store.StatusesOf(tenant))
            {
                _planner.Note(ContextNotes.Of(name, status, wasHeld, now), "", now);
            }

            foreach (var (agent, offer) in _planner.Plan(now))
            {
                _members[agent].Deliver(offer);
            }
        }
    }
}
