namespace DroneHandoff.Messages;

/// <summary>A successor started by one of the <see cref="Strategies"/> and continued.</summary>
/// <param name="Strategy">How.</param>
/// <param name="Positions">Positions that it started with.</param>
/// <param name="Readings">Readings that those are, and so the number of the next.</param>
/// <param name="Loaded">Positions whose KV was loaded.</param>
/// <param name="Recomputed">Positions whose KV was computed again.</param>
/// <param name="Bytes">Bytes read from the silo: KV, or tokens for a re-prefill.</param>
/// <param name="Tier">Where KV came from.</param>
/// <param name="TimeToFirstTokenMs">From the start of the take-over to the logits behind the next reading.</param>
/// <param name="DurableTokens">Inputs that were durable when it took over.</param>
/// <param name="DurableKv">KV that was durable when it took over.</param>
/// <param name="Epoch">The new session's epoch; 0 without a session.</param>
/// <param name="Continued">The continuation.</param>
/// <param name="OtherNumerics">Numerics identities of its predecessors that are not its own; empty where bits must be the same.</param>
internal sealed record TookOverEvent(
    string Strategy,
    long Positions,
    long Readings,
    long Loaded,
    long Recomputed,
    long Bytes,
    string Tier,
    double TimeToFirstTokenMs,
    long DurableTokens,
    long DurableKv,
    ulong Epoch,
    ContinuedEvent Continued,
    string OtherNumerics = "") : RoleEvent;
