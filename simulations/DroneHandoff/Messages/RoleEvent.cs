using System.Text.Json.Serialization;

namespace DroneHandoff.Messages;

/// <summary>What a role reports, one line of JSON each on its standard output.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(ReadyEvent), "ready")]
[JsonDerivedType(typeof(OpenedEvent), "opened")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(AdvancedEvent), "advanced")]
[JsonDerivedType(typeof(ReleasedEvent), "released")]
[JsonDerivedType(typeof(ContinuedEvent), "continued")]
[JsonDerivedType(typeof(FollowedEvent), "followed")]
[JsonDerivedType(typeof(ForkedEvent), "forked")]
[JsonDerivedType(typeof(TookOverEvent), "took-over")]
[JsonDerivedType(typeof(StaleAppendEvent), "stale-append")]
[JsonDerivedType(typeof(FailedEvent), "failed")]
internal abstract record RoleEvent;

/// <summary>The model is loaded and warm.</summary>
/// <param name="ModelName">The model's name.</param>
/// <param name="Parameters">Number of its weights.</param>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="KvBytesPerPosition">Bytes of KV of one position.</param>
/// <param name="Numerics">What decides the bits beside the model: its runtime's numerics identity.</param>
internal sealed record ReadyEvent(
    string ModelName, long Parameters, string Fingerprint, long KvBytesPerPosition, string Numerics = "")
    : RoleEvent;

/// <summary>The predecessor holds the context.</summary>
/// <param name="Epoch">Its session's epoch.</param>
/// <param name="Secret">Its session's secret in hexadecimal digits, for the later replay; goes over the private pipe alone.</param>
internal sealed record OpenedEvent(ulong Epoch, string Secret) : RoleEvent
{
    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"OpenedEvent(epoch {Epoch}, secret hidden)";
}

/// <summary>How far the stream has come.</summary>
/// <param name="Readings">Readings fed.</param>
/// <param name="Positions">Positions that they gave.</param>
/// <param name="DurableTokens">Positions whose inputs are durable: acknowledged to the agent.</param>
/// <param name="DurableKv">Positions whose KV is durable: acknowledged to the agent.</param>
internal sealed record ProgressEvent(long Readings, long Positions, long DurableTokens, long DurableKv) : RoleEvent;

/// <summary>An <see cref="AdvanceCommand"/> is done.</summary>
/// <param name="Progress">How far the stream has come; without Swarm nothing is durable.</param>
/// <param name="StepMs">Time of each step, in milliseconds.</param>
internal sealed record AdvancedEvent(ProgressEvent Progress, double[] StepMs) : RoleEvent;

/// <summary>The next reading was fed, and tokens were generated.</summary>
/// <param name="Positions">Positions before the reading.</param>
/// <param name="Tokens">The generated tokens.</param>
/// <param name="LogitsSha256">SHA-256 over the raw fp32 bytes of every step's logits, in order.</param>
internal sealed record ContinuedEvent(long Positions, int[] Tokens, string LogitsSha256) : RoleEvent;

/// <summary>The predecessor gave its memory back.</summary>
/// <param name="Progress">What was durable at the end.</param>
internal sealed record ReleasedEvent(ProgressEvent Progress) : RoleEvent;

/// <summary>The standby holds as much as a <see cref="FollowCommand"/> asked for.</summary>
/// <param name="Tokens">Positions whose inputs it holds.</param>
/// <param name="Kv">Positions whose KV it holds.</param>
internal sealed record FollowedEvent(long Tokens, long Kv) : RoleEvent;

/// <summary>A <see cref="ForkCommand"/> is done.</summary>
/// <param name="Positions">Positions of the fork.</param>
internal sealed record ForkedEvent(long Positions) : RoleEvent;

/// <summary>How a standby had followed when it was told to take over.</summary>
/// <param name="Lag">Positions whose inputs were durable, and not held.</param>
/// <param name="KvLag">Positions whose KV was durable, and not held.</param>
/// <param name="LagMs">Time since it held all that was durable, and was connected; 0 while that is so.</param>
/// <param name="Recomputed">Positions that it had computed, since their stored KV was damaged.</param>
/// <param name="Reconnects">Times that it had lost its connection.</param>
internal sealed record FollowReport(long Lag, long KvLag, double LagMs, long Recomputed, long Reconnects);

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
    string OtherNumerics = "") : RoleEvent
{
    /// <summary>Positions whose KV was in its runtime before the take-over.</summary>
    public long Held { get; init; }

    /// <summary>How it had followed; <see langword="null"/> for all but the standby.</summary>
    public FollowReport? Followed { get; init; }
}

/// <summary>What became of an append with an old session.</summary>
/// <param name="IsRefused">Whether it was refused as stale, and the context stayed as it was.</param>
/// <param name="Answer">What the silo said.</param>
internal sealed record StaleAppendEvent(bool IsRefused, string Answer) : RoleEvent;

/// <summary>The role cannot go on.</summary>
/// <param name="Message">Why; the process's log has the details.</param>
internal sealed record FailedEvent(string Message) : RoleEvent;
