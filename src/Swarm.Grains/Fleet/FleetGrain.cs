using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Grains.Fleet;

/// <summary>Runs a tenant's <see cref="FleetPlanner"/>: gives it what agents and silos tell, and delivers its offers.</summary>
/// <remarks>One activation decides for all contexts of a tenant, so that the order is fair. What it knows it is told anew within a second.</remarks>
[GrainType("swarm-fleet")]
[Immovable]
[Reentrant]
internal sealed class FleetGrain(TimeProvider timeProvider, GrainsMetrics metrics, ILogger<FleetGrain> logger) : Grain, IFleetGrain
{
    private static readonly TimeSpan _planPeriod = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _reopenPeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _reopenTime = TimeSpan.FromSeconds(5);
    private const int MaxReopening = 16; // A silo that was lost may have had very many contexts.
    private static readonly TimeSpan _successorWait = TimeSpan.FromSeconds(5); // Of one call; the caller repeats it.

    private readonly FleetPlanner _planner = new();
    private readonly FleetDirectory _directory = new();
    private readonly Guid _activation = Guid.NewGuid();
    private int _reopening;
    private string _tenant = "";
    private CallCredential _credential; // As it came with the last call: the timer has none of its own.
    private TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        GrainKeys.TrySplit(this.GetPrimaryKeyString(), out _tenant, out _);
        this.RegisterGrainTimer(
            _ =>
            {
                Plan();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(_planPeriod, _planPeriod) { Interleave = true });
        this.RegisterGrainTimer(
            _ =>
            {
                Reopen();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(_reopenPeriod, _reopenPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ReportAsync(string agent, MemberReport report)
    {
        Heard();
        var isNew = !_planner.HasMembers || _planner.Members.All(member => member.Agent != agent || member.Report.Session != report.Session);
        _planner.Report(agent, report, timeProvider.GetUtcNow());
        if (isNew)
        {
            GrainsLog.MemberJoined(logger, _tenant, agent, report.Models.Length, report.FreePositions);
            Plan();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task LeaveAsync(string agent, Guid session)
    {
        Heard();
        _planner.Leave(agent, session);
        GrainsLog.MemberLeft(logger, _tenant, agent);
        Plan();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<bool> AnswerAsync(string agent, Guid offer, bool isAccepted)
    {
        Heard();
        var isOpen = _planner.Answer(agent, offer, isAccepted, timeProvider.GetUtcNow());
        metrics.OfferAnswered(!isOpen ? "late" : isAccepted ? "accepted" : "declined");
        Interlocked.Exchange(ref _answered, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        if (!isAccepted)
        {
            Plan();
        }

        return Task.FromResult(isOpen);
    }

    /// <inheritdoc/>
    public Task<FleetState> GetStateAsync(Guid silo, Guid activation, long version)
    {
        Heard();
        _directory.Heard(silo, timeProvider.GetUtcNow());
        var (now, changes, isWhole) = _directory.Since(activation == _activation ? version : 0);
        return Task.FromResult(new FleetState(_planner.HasMembers, _activation, now, changes, isWhole || activation != _activation));
    }

    /// <inheritdoc/>
    public Task RememberAsync(DirectoryEntry[] entries)
    {
        Heard();
        _directory.Remember(entries, timeProvider.GetUtcNow());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task NoteContextsAsync(Guid silo, ContextNote[] contexts, DirectoryEntry[] closed)
    {
        Heard();
        var now = timeProvider.GetUtcNow();
        _directory.Heard(silo, now);
        foreach (var (context, place) in closed)
        {
            _planner.Forget(context, silo);
            _directory.Close(context, silo, isWanted: place is not null);
        }

        foreach (var note in contexts)
        {
            if (_planner.Note(note, "", now, silo))
            {
                _directory.Open(note.Context, silo, ContextNotes.IsWanted(note));
            }
        }

        Plan();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<SuccessorAnswer> FindSuccessorAsync(ContextNote context, string reason)
    {
        Heard();
        var started = timeProvider.GetTimestamp();
        _planner.Note(context, reason, timeProvider.GetUtcNow());
        while (true)
        {
            var answered = Volatile.Read(ref _answered).Task;
            Plan();
            if (_planner.ReadyFor(context.Context) is { } successor)
            {
                return new SuccessorAnswer(successor, null);
            }

            var left = _successorWait - timeProvider.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return new SuccessorAnswer("", null);
            }

            await Task.WhenAny(answered, Task.Delay(left, timeProvider));
        }
    }

    /// <inheritdoc/>
    public Task<MemberState[]> GetMembersAsync()
    {
        Heard();
        var now = timeProvider.GetUtcNow();
        return Task.FromResult<MemberState[]>(
            [.. _planner.Members.Select(member => new MemberState(member.Agent, member.Report, Math.Max(0, (now - member.Heard).TotalSeconds)))]);
    }

    private void Heard() => _credential = CallCredential.Current ?? _credential;

    private void Plan()
    {
        if (_planner.HasMembers)
        {
            DelayDeactivation(TimeSpan.FromMinutes(1));
        }

        foreach (var (agent, offer) in _planner.Plan(timeProvider.GetUtcNow()))
        {
            metrics.Offered(offer.IsStandby ? "standby" : "takeover");
            GrainsLog.Offered(logger, _tenant, offer.Context, offer.IsStandby ? "to follow" : "to take over", agent, offer.Reason);
            _credential.Attach();
            GrainFactory.GetGrain<IAgentGrain>(GrainKeys.Agent(_tenant, agent)).OfferAsync(offer).Ignore();
        }
    }

    /// <summary>Has contexts opened whose silo is gone: nobody else asks for one that its holder and its standbys are lost with.</summary>
    private void Reopen()
    {
        if (!_planner.HasMembers)
        {
            return;
        }

        foreach (var context in _directory.TakeOrphans(MaxReopening - _reopening, timeProvider.GetUtcNow()))
        {
            _reopening++;
            ReopenAsync(context).Ignore();
        }
    }

    private async Task ReopenAsync(string context)
    {
        try
        {
            using var limit = new CancellationTokenSource(_reopenTime, timeProvider);
            _credential.Attach();
            var answer = await GrainFactory.GetGrain<IContextGrain>(GrainKeys.Context(_tenant, context)).LocateAsync(limit.Token).WaitAsync(limit.Token);
            if (answer.Refusal is null)
            {
                GrainsLog.Reopened(logger, _tenant, context);
            }
            else if (answer.Refusal.Code == RefusalCode.NotFound)
            {
                _directory.Remove(context);
            }
            else
            {
                GrainsLog.NotReopened(logger, _tenant, context, answer.Refusal.Message);
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            GrainsLog.NotReopened(logger, _tenant, context, exception.Message);
        }
        finally
        {
            _reopening--;
        }
    }
}
