namespace Swarm;

/// <summary>The durable state of a context, as one snapshot.</summary>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Holder">Agent that holds it, or empty when it was released or never acquired.</param>
/// <param name="ReservedFor">Agent for which the last holder released it, or empty.</param>
/// <param name="Durable">Watermarks.</param>
/// <param name="Model">Fingerprint of its model.</param>
/// <param name="BlockTokens">Positions of a block.</param>
/// <param name="LastHeartbeat">When the last heartbeat of the holder came; when this silo opened the context if it never did.</param>
public sealed record ContextStatus(
    Epoch Epoch,
    string Holder,
    string ReservedFor,
    Watermarks Durable,
    ModelFingerprint Model,
    int BlockTokens,
    DateTimeOffset LastHeartbeat)
{
    /// <summary>What it lost with a segment of a log, until an operator has looked into it; <see langword="null"/>: nothing.</summary>
    public ContextLoss? Loss { get; init; }
}
