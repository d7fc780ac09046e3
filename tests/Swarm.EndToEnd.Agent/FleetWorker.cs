using System.Collections.Concurrent;
using Swarm.Testing.Models;

namespace Swarm.EndToEnd.Agent;

/// <summary>An agent of the fleet: follows and takes over what it is offered, as far as it has room, and holds what it has taken.</summary>
internal sealed class FleetWorker : IAsyncDisposable
{
    private const int MaxRuntimes = 4;

    private readonly ConcurrentDictionary<string, ContextWorker> _holding = new();
    private readonly ConcurrentDictionary<Task, bool> _tasks = new();
    private readonly CancellationTokenSource _release = new();
    private readonly SwarmAgent _agent;
    private readonly AgentArguments _arguments;
    private readonly HistoryWriter _history;
    private FleetMember? _member;
    private Task _offers = Task.CompletedTask;
    private int _runtimes;
    private int _sessions;

    /// <summary>Makes one that has not joined yet.</summary>
    /// <param name="swarm">The silos.</param>
    /// <param name="arguments">The process's arguments.</param>
    /// <param name="name">The agent's name.</param>
    /// <param name="history">Where everything is recorded.</param>
    public FleetWorker(SwarmClient swarm, AgentArguments arguments, string name, HistoryWriter history) =>
        (_agent, _arguments, _history) = (swarm.Agent(name), arguments, history);

    /// <summary>Joins the fleet.</summary>
    public async Task JoinAsync()
    {
        _member = await _agent.JoinAsync(Profile());
        _offers = TakeOffersAsync(_member);
    }

    /// <summary>Makes a context, and holds it.</summary>
    public void Hold(string context)
    {
        var runtime = Take();
        Begin(HoldAsync(context, runtime, release => _agent.OpenAsync(context, runtime, _arguments.Memory, cancellationToken: release)));
    }

    /// <summary>Asks for a successor of a context, if it holds it.</summary>
    public void RequestHandoff(string context)
    {
        if (_holding.TryGetValue(context, out var worker))
        {
            worker.RequestHandoff();
        }
    }

    /// <summary>Leaves the fleet, and gives all contexts back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _member!.DisposeAsync();
        await _offers;
        await _release.CancelAsync();
        await Task.WhenAll(_tasks.Keys);
        _release.Dispose();
    }

    private AgentProfile Profile() => new()
    {
        Models = [Script.NewRuntime().Fingerprint],
        FreePositions = (long)Math.Max(0, MaxRuntimes - Volatile.Read(ref _runtimes)) * Script.MaxPositions,
    };

    private async Task TakeOffersAsync(FleetMember member)
    {
        await foreach (var offer in member.OffersAsync())
        {
            if (Preflight.IsOf(offer.Context))
            {
                continue; // Until its policy is durable, the context has the default one.
            }

            Begin(offer.Kind == HandoffOfferKind.StandBy ? StandByAsync(offer) : TakeOverAsync(offer));
        }
    }

    private async Task StandByAsync(HandoffOffer offer)
    {
        var runtime = Take();
        try
        {
            await using var standby = await offer.StandByAsync(runtime);
            for (var isTold = false; ;)
            {
                var changed = standby.Changed;
                var status = standby.Status;
                if (!isTold && standby.Lag.Time == TimeSpan.Zero)
                {
                    isTold = true;
                    _history.Write(EventKind.Following, offer.Context, status.Epoch.Value, status.Held.Tokens, text: _agent.Name);
                }

                if (status.HasEnded)
                {
                    if (status.Fault is null)
                    {
                        return; // It took the context over: the runtime is the session's.
                    }

                    throw new SwarmTransportException(status.Fault, isTransient: false);
                }

                await changed.WaitAsync(_release.Token);
            }
        }
        catch (Exception exception) when (IsOfChaos(exception))
        {
            Give();
            _history.Write(EventKind.Unfollowed, offer.Context, offer.Epoch.Value, text: $"{_agent.Name}: {exception.Message}");
        }
    }

    private Task TakeOverAsync(HandoffOffer offer)
    {
        _history.Write(EventKind.Offered, offer.Context, offer.Epoch.Value, text: $"{_agent.Name}, {(offer.Standby is null ? "cold" : "warm")}: {offer.Reason}");
        var runtime = offer.Standby is null ? Take() : null;
        return HoldAsync(offer.Context, runtime, release => TakeAsync(offer, runtime, release));
    }

    private async Task<AgentMemory> TakeAsync(HandoffOffer offer, IKvRuntime? runtime, CancellationToken release) =>
        (AgentMemory)await offer.TakeOverAsync(runtime, _arguments.Memory, release);

    private async Task HoldAsync(string context, IKvRuntime? runtime, Func<CancellationToken, Task<AgentMemory>> start)
    {
        var session = $"{_arguments.Name}/{_agent.Name}/{Interlocked.Increment(ref _sessions)}";
        var worker = new ContextWorker(_arguments, context, _history.Of(session));
        AgentMemory memory;
        try
        {
            memory = await start(_release.Token);
        }
        catch (Exception exception) when (IsOfChaos(exception))
        {
            if (runtime is not null)
            {
                Give();
            }

            _history.Write(EventKind.Missed, context, text: $"{_agent.Name}: {exception.Message}");
            return;
        }

        _holding[context] = worker;
        await worker.HoldAsync(memory, _release.Token);
        _holding.TryRemove(KeyValuePair.Create(context, worker));
        Give();
    }

    private void Begin(Task task)
    {
        _tasks.TryAdd(task, true);
        _ = task.ContinueWith(Remove, TaskScheduler.Default);

        void Remove(Task ended)
        {
            _tasks.TryRemove(ended, out _);
            if (ended.Exception is { } exception)
            {
                _history.Write(EventKind.Failed, text: exception.ToString());
            }
        }
    }

    private ToyRuntime Take()
    {
        Interlocked.Increment(ref _runtimes);
        _member?.Update(Profile());
        return Script.NewRuntime(_arguments.Step);
    }

    private void Give()
    {
        Interlocked.Decrement(ref _runtimes);
        _member?.Update(Profile());
    }

    /// <summary>What lost silos, links and races for a context may do to an offer.</summary>
    private static bool IsOfChaos(Exception exception) =>
        exception is SwarmTransportException or SwarmRefusedException or OperationCanceledException;
}
