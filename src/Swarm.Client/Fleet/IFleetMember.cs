namespace Swarm;

/// <summary>An agent's membership in its tenant's fleet.</summary>
public interface IFleetMember : IAsyncDisposable
{
    /// <inheritdoc cref="FleetMember.Profile"/>
    AgentProfile Profile { get; }

    /// <inheritdoc cref="FleetMember.Update(AgentProfile)"/>
    void Update(AgentProfile profile);

    /// <inheritdoc cref="FleetMember.OffersAsync(CancellationToken)"/>
    IAsyncEnumerable<HandoffOffer> OffersAsync(CancellationToken cancellationToken = default);
}
