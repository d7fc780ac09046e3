using System.Collections.Concurrent;
using System.Threading.Channels;
using Swarm.Client.Sessions;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Client.InMemory;

/// <summary>An agent that has joined the fleet of a swarm in memory.</summary>
/// <param name="store">The contexts.</param>
/// <param name="fleet">The fleet.</param>
/// <param name="agent">Agent name.</param>
/// <param name="profile">What it says of itself.</param>
/// <param name="standBy">Follows a context.</param>
/// <param name="takeOver">Takes a context over, with a runtime, as a wish says.</param>
internal sealed class InMemoryMember(
    InMemoryStore store,
    InMemoryFleet fleet,
    string agent,
    AgentProfile profile,
    Func<string, IKvRuntime, CancellationToken, Task<IAgentStandby>> standBy,
    Func<string, IKvRuntime, SessionWish, MemoryOptions?, CancellationToken, Task<IAgentMemory>> takeOver) : IFleetMember, IOfferActions
{
    private readonly Channel<HandoffOffer> _offers = Channel.CreateUnbounded<HandoffOffer>();
    private readonly ConcurrentDictionary<string, InMemoryStandby> _standbys = new(StringComparer.Ordinal);

    public Guid Session { get; } = Guid.NewGuid();

    public string Agent => agent;

    public AgentProfile Profile => Volatile.Read(ref profile);

    public void Update(AgentProfile value)
    {
        ArgumentNullException.ThrowIfNull(value);
        value.Validate();
        Volatile.Write(ref profile, value);
    }

    public IAsyncEnumerable<HandoffOffer> OffersAsync(CancellationToken cancellationToken = default) => _offers.Reader.ReadAllAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        fleet.Leave(this);
        _offers.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <summary>What the planner is told.</summary>
    public MemberReport Report() => new(
        Session,
        [.. Profile.Models.Select(model => model.Value)],
        Profile.FreePositions,
        new Dictionary<string, string>(Profile.Labels, StringComparer.Ordinal),
        [
            .. _standbys.Values.Where(standby => !standby.Status.HasEnded)
                .Select(standby => new FollowedContext(standby.Context, standby.Status.Held.Tokens, standby.Status.Held.Kv, 0)),
        ],
        store.HeldBy(agent),
        Number: 0); // They are taken one by one.

    /// <summary>Delivers an offer.</summary>
    public void Deliver(OfferMessage message) =>
        _offers.Writer.TryWrite(new HandoffOffer(message, this, _standbys.GetValueOrDefault(message.Context), store.TimeProvider));

    Task<bool> IOfferActions.AnswerAsync(HandoffOffer offer, bool isAccepted, CancellationToken cancellationToken) =>
        Task.FromResult(fleet.Answer(agent, offer.Id, isAccepted));

    async Task<IAgentStandby> IOfferActions.StandByAsync(HandoffOffer offer, IKvRuntime runtime, CancellationToken cancellationToken)
    {
        fleet.Answer(agent, offer.Id, isAccepted: true);
        var standby = (InMemoryStandby)await standBy(offer.Context, runtime, cancellationToken).ConfigureAwait(false);
        _standbys[offer.Context] = standby;
        return standby;
    }

    async Task<IAgentMemory> IOfferActions.TakeOverAsync(
        HandoffOffer offer, IKvRuntime? runtime, MemoryOptions? options, CancellationToken cancellationToken)
    {
        var isPlanned = offer.Kind == HandoffOfferKind.PlannedTakeOver;
        if (!fleet.Answer(agent, offer.Id, isAccepted: true) && isPlanned)
        {
            throw new SwarmRefusedException(new Refusal(
                RefusalCode.EpochChanged, $"The offer of context '{offer.Context}' has lapsed, or its holder has gone another way.", offer.Epoch));
        }

        var wish = isPlanned ? SessionWish.ToTakeOver(TakeOver.IfReleased) : SessionWish.ToTakeOver(TakeOver.Now) with { OnlyInEpoch = offer.Epoch.Value };
        return runtime is null
            ? await ((InMemoryStandby)offer.Standby!).TakeOverAsync(wish, options, cancellationToken).ConfigureAwait(false)
            : await takeOver(offer.Context, runtime, wish, options, cancellationToken).ConfigureAwait(false);
    }
}
