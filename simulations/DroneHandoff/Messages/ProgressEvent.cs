namespace DroneHandoff.Messages;

/// <summary>How far the stream has come.</summary>
/// <param name="Readings">Readings fed.</param>
/// <param name="Positions">Positions that they gave.</param>
/// <param name="DurableTokens">Positions whose inputs are durable: acknowledged to the agent.</param>
/// <param name="DurableKv">Positions whose KV is durable: acknowledged to the agent.</param>
internal sealed record ProgressEvent(long Readings, long Positions, long DurableTokens, long DurableKv) : RoleEvent;
