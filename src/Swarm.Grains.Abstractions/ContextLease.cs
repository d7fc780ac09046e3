namespace Swarm.Grains.Abstractions;

/// <summary>What a session needs to go on with a context.</summary>
/// <param name="Epoch">Epoch granted.</param>
/// <param name="PreviousEpoch">Epoch in force before.</param>
/// <param name="PreviousHolder">Agent that held it before, or empty.</param>
/// <param name="DurableTokens">Positions whose inputs are durable.</param>
/// <param name="DurableKv">Positions whose KV is durable.</param>
/// <param name="BlockTokens">Positions of a block.</param>
/// <param name="DataPlane">Address of the data plane, <c>host:port</c>.</param>
/// <param name="TenantKey">Key of the tenant's block hashes, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("swarm.lease.v1")]
public sealed record ContextLease(
    [property: Id(0)] ulong Epoch,
    [property: Id(1)] ulong PreviousEpoch,
    [property: Id(2)] string PreviousHolder,
    [property: Id(3)] long DurableTokens,
    [property: Id(4)] long DurableKv,
    [property: Id(5)] int BlockTokens,
    [property: Id(6)] string DataPlane,
    [property: Id(7)] byte[] TenantKey)
{
    /// <summary>What the context lost with a segment of a log, until an operator has looked into it; <see langword="null"/>: nothing.</summary>
    [Id(8)]
    public ContextLoss? Loss { get; init; }
}
