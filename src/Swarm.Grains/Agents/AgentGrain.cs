using Orleans.Concurrency;
using Orleans.Placement;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Grains.Agents;

/// <summary>An agent as the silos know it: what it holds, what it tells of itself, and the mailbox of its offers.</summary>
/// <remarks>
/// An agent may sit behind a network address translation, so it is never called: it polls, on the connection that it has, and an offer
/// ends the poll that waits.
/// </remarks>
[GrainType("swarm-agent")]
[Immovable]
[Reentrant]
internal sealed class AgentGrain(TimeProvider timeProvider) : Grain, IAgentGrain
{
    private const double MaxWaitSeconds = 30;
    private const int MaxOffers = 64;
    private const int MaxFollows = 4096;

    private readonly SortedDictionary<string, ulong> _held = new(StringComparer.Ordinal);
    private readonly Queue<OfferMessage> _offers = new();
    private TaskCompletionSource? _waiting;
    private Guid _session;
    private string _tenant = "";
    private string _name = "";

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        GrainKeys.TrySplit(this.GetPrimaryKeyString(), out _tenant, out _name);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task NoteHeldAsync(string context, ulong epoch)
    {
        _held[context] = Math.Max(epoch, _held.GetValueOrDefault(context));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task NoteOverAsync(string context, ulong epoch)
    {
        if (_held.TryGetValue(context, out var held) && held <= epoch)
        {
            _held.Remove(context);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<HeldContext>> GetHeldAsync() => Task.FromResult<IReadOnlyList<HeldContext>>(
        [.. _held.Select(pair => new HeldContext(pair.Key, pair.Value))]);

    /// <inheritdoc/>
    public async Task<OfferMessage[]> PollAsync(MemberReport report, double waitSeconds)
    {
        if (report.Models.Length > AgentProfile.MaxModels || report.Labels.Count > Core.Fleet.Labels.MaxCount || report.Follows.Length > MaxFollows || report.FreePositions < 0)
        {
            throw new SwarmRefusedException(new Refusal(
                RefusalCode.Invalid,
                $"Agent '{_name}' tells of {report.Models.Length} models, {report.Labels.Count} labels, {report.Follows.Length} contexts that it follows and "
                + $"{report.FreePositions} free positions: at most {AgentProfile.MaxModels}, {Core.Fleet.Labels.MaxCount} and {MaxFollows} are allowed, and 0 positions or more."));
        }

        if (report.Session != _session)
        {
            _session = report.Session;
            _offers.Clear(); // They were made to a process that is no more.
        }

        await Fleet.ReportAsync(_name, report);
        _waiting?.TrySetResult();
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting = mine;
        if (_offers.Count == 0 && waitSeconds > 0)
        {
            using var over = new CancellationTokenSource();
            await Task.WhenAny(mine.Task, Task.Delay(TimeSpan.FromSeconds(Math.Min(waitSeconds, MaxWaitSeconds)), timeProvider, over.Token));
            await over.CancelAsync();
        }

        if (_waiting != mine)
        {
            return []; // Another poll has come, and gets them.
        }

        _waiting = null;
        OfferMessage[] offers = [.. _offers];
        _offers.Clear();
        return offers;
    }

    /// <inheritdoc/>
    public Task<bool> AnswerAsync(Guid offer, bool isAccepted) => Fleet.AnswerAsync(_name, offer, isAccepted);

    /// <inheritdoc/>
    public async Task LeaveAsync(Guid session)
    {
        if (session == _session)
        {
            _offers.Clear();
            _waiting?.TrySetResult();
        }

        await Fleet.LeaveAsync(_name, session);
    }

    /// <inheritdoc/>
    public Task OfferAsync(OfferMessage offer)
    {
        if (_offers.Count >= MaxOffers)
        {
            _offers.Dequeue(); // Overdue: nobody has polled for them.
        }

        _offers.Enqueue(offer);
        _waiting?.TrySetResult();
        return Task.CompletedTask;
    }

    private IFleetGrain Fleet => GrainFactory.GetGrain<IFleetGrain>(GrainKeys.FleetOf(_tenant));
}
