using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Swarm.Client;
using Swarm.Client.Control;
using Swarm.Client.Sessions;
using Swarm.Client.Streaming;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm;

/// <summary>An agent that has joined its tenant's fleet: it is offered contexts to follow, and contexts that need a holder.</summary>
/// <remarks>
/// The agent is known for as long as this polls its silo, on the connection that the client has: it may sit behind a network address translation. All that the
/// fleet knows of it is forgotten when it stays away for 2.5 s, and told anew with the next poll. Thread-safe.
/// </remarks>
public sealed class FleetMember : IFleetMember, IOfferActions
{
    private static readonly TimeSpan _pollWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _computingPatience = TimeSpan.FromSeconds(1);
    private const int MaxOffers = 256;

    private readonly Guid _session = Guid.NewGuid();
    private readonly string _agent;
    private readonly SessionStarter _sessions;
    private readonly SwarmClientOptions _options;
    private readonly ControlPlane _control;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _left = new();
    private readonly Pulse _news = new();
    private readonly Channel<HandoffOffer> _offers = Channel.CreateBounded<HandoffOffer>(
        new BoundedChannelOptions(MaxOffers) { FullMode = BoundedChannelFullMode.DropOldest });

    private AgentProfile _profile;
    private Task _polling = Task.CompletedTask;
    private long _reports;
    private int _isDisposed;

    private FleetMember(string agent, AgentProfile profile, ControlPlane control, SessionStarter sessions, SwarmClientOptions options)
    {
        (_agent, _profile, _control, _sessions, _options) = (agent, profile, control, sessions, options);
        (_time, _logger) = (options.TimeProvider, options.LoggerFactory.CreateLogger<FleetMember>());
    }

    /// <summary>What the agent says of itself.</summary>
    public AgentProfile Profile => Volatile.Read(ref _profile);

    /// <summary>Joins.</summary>
    internal static async Task<FleetMember> JoinAsync(
        string agent, AgentProfile profile, ControlPlane control, SessionStarter sessions, SwarmClientOptions options, CancellationToken cancellationToken)
    {
        profile.Validate();
        var member = new FleetMember(agent, profile, control, sessions, options);
        var news = member._news.Next; // Before anything is told: a busy process may begin to poll late, and what changes until then is told too.
        control.PartsChanged += member._news.Fire;
        try
        {
            await member.JoinAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            control.PartsChanged -= member._news.Fire;
            throw;
        }

        member._polling = Task.WhenAll(
            Task.Run(() => member.PollAsync(_pollWait, news), CancellationToken.None), Task.Run(() => member.PollAsync(TimeSpan.Zero, news), CancellationToken.None));
        return member;
    }

    /// <summary>Says something else of the agent, as when a battery runs low or room becomes free. The fleet hears of it at once.</summary>
    /// <param name="profile">All that is to be known from now on.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public void Update(AgentProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        profile.Validate();
        Volatile.Write(ref _profile, profile);
        _news.Fire();
    }

    /// <summary>Offers, as they come. One enumeration at a time gets each.</summary>
    /// <param name="cancellationToken">Ends the enumeration; the membership goes on.</param>
    /// <returns>Offers; an end when the membership is disposed of.</returns>
    /// <remarks>
    /// Look at an offer at once: it lapses within a second, and somebody else is asked (<see cref="HandoffOffer.Lapsed"/>). Take contexts over beside the
    /// loop rather than in it.
    /// </remarks>
    public IAsyncEnumerable<HandoffOffer> OffersAsync(CancellationToken cancellationToken = default) => _offers.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Leaves the fleet. Standbys and sessions go on. Harmless if repeated.</summary>
    /// <returns>A task that ends when the fleet knows, or cannot be told.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _control.PartsChanged -= _news.Fire;
        await _left.CancelAsync().ConfigureAwait(false);
        await _polling.ConfigureAwait(false);
        _offers.Writer.TryComplete();
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
            await _control.LeaveFleetAsync(_agent, _session, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SwarmTransportException or SwarmRefusedException or OperationCanceledException or ObjectDisposedException)
        {
            ClientLog.FleetNotReached(_logger, _agent, exception.Message); // It finds out by itself.
        }
    }

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        var failing = _time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                Take(await _control.PollAsync(_agent, Report(), TimeSpan.Zero, cancellationToken).ConfigureAwait(false));
                return;
            }
            catch (Exception exception) when (_control.MayRepeat(exception, failing))
            {
                await _control.DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Polls again and again; without a wait, when there is something new to tell: the poll that waits is never called off, since it may have an offer.</summary>
    private async Task PollAsync(TimeSpan wait, Task news)
    {
        ClientTrace.Leave();
        for (var attempt = 0; !_left.IsCancellationRequested;)
        {
            try
            {
                if (wait == TimeSpan.Zero && attempt == 0)
                {
                    await news.WaitAsync(_left.Token).ConfigureAwait(false);
                    news = _news.Next;
                }

                Take(await _control.PollAsync(_agent, Report(), wait, _left.Token).ConfigureAwait(false));
                attempt = 0;
            }
            catch (OperationCanceledException) when (_left.IsCancellationRequested)
            {
                // Left.
            }
            catch (Exception exception) when (exception is SwarmTransportException or SwarmRefusedException)
            {
                if (attempt++ == 0)
                {
                    ClientLog.FleetNotReached(_logger, _agent, exception.Message);
                }

                await _control.DelayAsync(attempt, _left.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (ObjectDisposedException)
            {
                break; // The client is.
            }
        }

        _offers.Writer.TryComplete();
    }

    private MemberReport Report()
    {
        var number = Interlocked.Increment(ref _reports); // Before what it tells: a later number tells of all that an earlier one does.
        var profile = Profile;
        return new MemberReport(
            _session,
            [.. profile.Models.Select(model => model.Value)],
            profile.FreePositions,
            new Dictionary<string, string>(profile.Labels, StringComparer.Ordinal),
            [
                .. _control.PartsOf<IAgentStandby>(_agent).Select(standby => (standby, standby.Status, standby.Lag))
                    .Where(item => !item.Status.HasEnded)
                    .Select(item => new FollowedContext(item.standby.Context, item.Status.Held.Tokens, item.Status.Held.Kv, item.Lag.KvPositions)),
            ],
            _control.PartsOf<IAgentMemory>(_agent).Count(),
            number);
    }

    private void Take(OfferMessage[] offers)
    {
        foreach (var message in offers)
        {
            var standby = _control.PartsOf<IAgentStandby>(_agent).FirstOrDefault(standby => standby.Context == message.Context && !standby.Status.HasEnded);
            _offers.Writer.TryWrite(new HandoffOffer(message, this, standby, _time));
        }
    }

    Task<bool> IOfferActions.AnswerAsync(HandoffOffer offer, bool isAccepted, CancellationToken cancellationToken) =>
        AnswerAsync(offer, isAccepted, cancellationToken);

    async Task<IAgentStandby> IOfferActions.StandByAsync(HandoffOffer offer, IKvRuntime runtime, CancellationToken cancellationToken)
    {
        var accepting = AnswerAsync(offer, isAccepted: true, cancellationToken).Observed();
        var standby = await FollowAsync(offer, runtime, cancellationToken).ConfigureAwait(false);
        await ((Task)accepting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // The next poll tells of the standby in any case.
        return standby;
    }

    async Task<IAgentMemory> IOfferActions.TakeOverAsync(HandoffOffer offer, IKvRuntime? runtime, MemoryOptions? options, CancellationToken cancellationToken)
    {
        try
        {
            return offer.Kind == HandoffOfferKind.PlannedTakeOver
                ? await TakeOverPlannedAsync(offer, runtime, options, cancellationToken).ConfigureAwait(false)
                : await TakeOverNowAsync(offer, runtime, options, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException) when (offer.Standby is { Status.HasEnded: true })
        {
            throw new SwarmRefusedException(new Refusal(
                RefusalCode.EpochChanged,
                $"This agent's standby of context '{offer.Context}' has ended: it took the context over by another offer, or was disposed of. The offer is void.",
                offer.Epoch));
        }
    }

    private async Task<AgentMemory> TakeOverNowAsync(HandoffOffer offer, IKvRuntime? runtime, MemoryOptions? options, CancellationToken cancellationToken)
    {
        var accepting = AnswerAsync(offer, isAccepted: true, cancellationToken).Observed(); // Not waited for: the epoch decides.
        var wish = SessionWish.ToTakeOver(TakeOver.Now) with { OnlyInEpoch = offer.Epoch.Value };
        try
        {
            return offer.Standby is AgentStandby standby && runtime is null
                ? await standby.TakeOverAsync(wish, options, cancellationToken).ConfigureAwait(false)
                : await _sessions.StartAsync(offer.Context, runtime!.Model, runtime, wish, default, options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ((Task)accepting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<AgentStandby> FollowAsync(HandoffOffer offer, IKvRuntime runtime, CancellationToken cancellationToken) =>
        AgentStandby.StartAsync(offer.Context, _agent, runtime, _control, _sessions, _options, cancellationToken);

    private Task<bool> AnswerAsync(HandoffOffer offer, bool isAccepted, CancellationToken cancellationToken) =>
        _control.AnswerOfferAsync(_agent, offer.Id, isAccepted, cancellationToken);

    private async Task<AgentMemory> TakeOverPlannedAsync(HandoffOffer offer, IKvRuntime? runtime, MemoryOptions? options, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(FleetPlanner.PreparationTime * 2);
        var own = offer.Standby is null ? await FollowAsync(offer, runtime!, limit.Token).ConfigureAwait(false) : null;
        var standby = own ?? (AgentStandby)offer.Standby!;
        try
        {
            await standby.WaitForCatchUpAsync(limit.Token).ConfigureAwait(false);
            await standby.ComputeAlongAsync(_computingPatience, limit.Token).ConfigureAwait(false);
            if (!await AnswerAsync(offer, isAccepted: true, limit.Token).ConfigureAwait(false))
            {
                throw new SwarmRefusedException(new Refusal(
                    RefusalCode.EpochChanged, $"The offer of context '{offer.Context}' has lapsed, or its holder has gone another way.", offer.Epoch));
            }

            return await standby.TakeOverAsync(TakeOver.IfReleased, options, limit.Token).ConfigureAwait(false);
        }
        catch
        {
            standby.ComputeNoMore();
            if (own is not null)
            {
                await own.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }
}
