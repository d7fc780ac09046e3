using Swarm.Grains.Abstractions.Fleet;

namespace Swarm;

/// <summary>What an agent of a fleet is offered.</summary>
public enum HandoffOfferKind
{
    /// <summary>To follow a context, as its standby.</summary>
    StandBy = 0,

    /// <summary>To take a context over that has lost its holder, or was released.</summary>
    TakeOver = 1,

    /// <summary>To take a context over whose holder asks for a successor, and goes on until there is one.</summary>
    PlannedTakeOver = 2,
}

/// <summary>A context that is offered to an agent of a fleet: accept it by <see cref="StandByAsync"/> or <see cref="TakeOverAsync"/>, decline it, or let it lapse.</summary>
/// <remarks>Who has a context is decided by its epoch alone: an offer that somebody else was faster to take is refused, and nothing is lost.</remarks>
public sealed class HandoffOffer
{
    private readonly IOfferActions _actions;

    /// <summary>Makes it from what the fleet tells. Its time for an answer begins now.</summary>
    /// <param name="message">What the fleet tells.</param>
    /// <param name="actions">Carries out what is done with it.</param>
    /// <param name="standby">The standby by which the agent follows the context, if any.</param>
    /// <param name="time">The clock.</param>
    internal HandoffOffer(OfferMessage message, IOfferActions actions, IAgentStandby? standby, TimeProvider time)
    {
        _actions = actions;
        Id = message.Id;
        Kind = message.IsStandby ? HandoffOfferKind.StandBy
            : message.Need == HandoffNeed.Planned ? HandoffOfferKind.PlannedTakeOver : HandoffOfferKind.TakeOver;
        Context = message.Context;
        Epoch = new Epoch(message.Epoch);
        Holder = message.Holder;
        Model = new ModelFingerprint(message.Model);
        Positions = message.Positions;
        Reason = message.Reason;
        Standby = message.IsStandby || standby is { Status.HasEnded: true } ? null : standby;
        Lapsed = new CancellationTokenSource(TimeSpan.FromSeconds(message.AnswerSeconds), time).Token;
    }

    /// <summary>What is offered.</summary>
    public HandoffOfferKind Kind { get; }

    /// <summary>Names it in its answer.</summary>
    internal Guid Id { get; }

    /// <summary>Context name.</summary>
    public string Context { get; }

    /// <summary>The epoch that it is offered in.</summary>
    public Epoch Epoch { get; }

    /// <summary>Who holds it, or held it last; or empty.</summary>
    public string Holder { get; }

    /// <summary>Fingerprint of its model.</summary>
    public ModelFingerprint Model { get; }

    /// <summary>How long it is, roughly: a runtime has to hold more.</summary>
    public long Positions { get; }

    /// <summary>Why it is offered, for people.</summary>
    public string Reason { get; }

    /// <summary>The standby by which this agent follows the context; <see langword="null"/>: none, so that a take-over needs a runtime.</summary>
    public IAgentStandby? Standby { get; }

    /// <summary>Cancelled when the time for an answer is over: then somebody else is asked.</summary>
    public CancellationToken Lapsed { get; }

    /// <summary>Accepts, and follows the context.</summary>
    /// <param name="runtime">The model, as of <see cref="SwarmAgent.StandByAsync(string, IKvRuntime, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Stops waiting for the silo.</param>
    /// <returns>The standby. The member tells the fleet of it for as long as it follows.</returns>
    /// <exception cref="InvalidOperationException">It is no offer to follow, or the runtime is in use.</exception>
    /// <inheritdoc cref="SwarmAgent.StandByAsync(string, IKvRuntime, CancellationToken)" path="/exception"/>
    public Task<IAgentStandby> StandByAsync(IKvRuntime runtime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        return Kind == HandoffOfferKind.StandBy
            ? _actions.StandByAsync(this, runtime, cancellationToken)
            : throw new InvalidOperationException($"Context '{Context}' is offered to be taken over, not to be followed: call {nameof(TakeOverAsync)}.");
    }

    /// <summary>Accepts, and takes the context over, in the epoch in which it was offered and in no other.</summary>
    /// <param name="runtime">The model, where there is no <see cref="Standby"/>; <see langword="null"/> to go on with the standby's.</param>
    /// <param name="options">Settings of the session; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    /// <returns>
    /// The session, ready for the next token. Where the handoff is planned, it begins when the standby has caught up and the holder has let go.
    /// </returns>
    /// <exception cref="InvalidOperationException">It is an offer to follow, or there is neither a standby nor a runtime.</exception>
    /// <exception cref="SwarmRefusedException">The offer is void: somebody else was faster, or the holder is back (<see cref="RefusalCode.EpochChanged"/>).</exception>
    /// <exception cref="OperationCanceledException">Cancelled; or the holder of a planned handoff did not let go in time.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached.</exception>
    public Task<IAgentMemory> TakeOverAsync(IKvRuntime? runtime = null, MemoryOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (Kind == HandoffOfferKind.StandBy)
        {
            throw new InvalidOperationException($"Context '{Context}' is offered to be followed, not to be taken over: call {nameof(StandByAsync)}.");
        }

        return runtime is null && Standby is null
            ? throw new InvalidOperationException($"This agent has no standby of context '{Context}': give a runtime to take it over with.")
            : _actions.TakeOverAsync(this, runtime, options, cancellationToken);
    }

    /// <summary>Declines: somebody else is asked at once.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when the fleet knows.</returns>
    /// <exception cref="SwarmTransportException">The silos do not answer: the offer lapses.</exception>
    public Task DeclineAsync(CancellationToken cancellationToken = default) => _actions.AnswerAsync(this, isAccepted: false, cancellationToken);
}

/// <summary>What an offer does for who answers it.</summary>
internal interface IOfferActions
{
    /// <summary>Tells the fleet whether the agent does what it was offered.</summary>
    /// <returns>Whether the offer stood still.</returns>
    Task<bool> AnswerAsync(HandoffOffer offer, bool isAccepted, CancellationToken cancellationToken);

    /// <summary>Accepts, and follows.</summary>
    Task<IAgentStandby> StandByAsync(HandoffOffer offer, IKvRuntime runtime, CancellationToken cancellationToken);

    /// <summary>Accepts, and takes over.</summary>
    Task<IAgentMemory> TakeOverAsync(HandoffOffer offer, IKvRuntime? runtime, MemoryOptions? options, CancellationToken cancellationToken);
}
