namespace Swarm;

/// <summary>Who holds a context, and how far it is durable, as its silo said it.</summary>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Holder">Agent that holds it; empty where nobody does.</param>
/// <param name="ReservedFor">Agent for which the last holder released it; empty for anybody.</param>
/// <param name="Durable">What survives the loss of every process.</param>
/// <param name="Model">Fingerprint of its model.</param>
/// <param name="HeartbeatAge">Time since the last heartbeat of the holder; since its silo opened the context, if none came.</param>
public sealed record ContextInfo(
    Epoch Epoch, string Holder, string ReservedFor, Watermarks Durable, ModelFingerprint Model, TimeSpan HeartbeatAge)
{
    /// <summary>What the context lost with a segment of a log, until an operator has looked into it; <see langword="null"/>: nothing.</summary>
    public ContextLoss? Loss { get; init; }
}
