namespace Swarm.Grains.Abstractions;

/// <summary>The durable state of a context, or a refusal.</summary>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Holder">Holder's name, or empty.</param>
/// <param name="ReservedFor">Successor that the last holder named, or empty.</param>
/// <param name="DurableTokens">Positions whose inputs are durable.</param>
/// <param name="DurableKv">Positions whose KV is durable.</param>
/// <param name="Model">Fingerprint of the model, in hex.</param>
/// <param name="HeartbeatAgeSeconds">Seconds since the last heartbeat of the holder.</param>
/// <param name="Refusal">Why there is no status, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.status-answer.v1")]
public sealed record StatusAnswer(
    [property: Id(0)] ulong Epoch,
    [property: Id(1)] string Holder,
    [property: Id(2)] string ReservedFor,
    [property: Id(3)] long DurableTokens,
    [property: Id(4)] long DurableKv,
    [property: Id(5)] string Model,
    [property: Id(6)] double HeartbeatAgeSeconds,
    [property: Id(7)] Refusal? Refusal)
{
    /// <summary>What the context lost with a segment of a log, until an operator has looked into it; <see langword="null"/>: nothing.</summary>
    [Id(8)]
    public ContextLoss? Loss { get; init; }
}
