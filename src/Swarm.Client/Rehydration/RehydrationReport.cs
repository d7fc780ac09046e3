using System.Globalization;

namespace Swarm;

/// <summary>What it took to give a runtime the memory of a context.</summary>
/// <param name="Positions">Positions of the context.</param>
/// <param name="Loaded">Positions whose KV was loaded.</param>
/// <param name="Recomputed">Positions whose KV was computed again from their inputs.</param>
/// <param name="Discarded">
/// Of the positions recomputed: those whose stored KV is damaged or missing in the store, or failed a check here. The session
/// sends what is damaged in the store again.
/// </param>
/// <param name="Bytes">Bytes of the KV that was loaded, without framing: the same for the same positions, however they were cut.</param>
/// <param name="Tier">The slowest tier that KV came from.</param>
/// <param name="Elapsed">From the request that was granted to a runtime that is ready for the next token.</param>
/// <param name="ControlElapsed">Of it: acquiring and attaching.</param>
/// <param name="InputsElapsed">Of it: until the inputs were there; KV arrives at the same time.</param>
/// <param name="KvElapsed">Of it: until the last KV was in the runtime.</param>
/// <param name="RecomputeElapsed">Of it: computing.</param>
public sealed record RehydrationReport(
    long Positions,
    long Loaded,
    long Recomputed,
    long Discarded,
    long Bytes,
    KvTier Tier,
    TimeSpan Elapsed,
    TimeSpan ControlElapsed,
    TimeSpan InputsElapsed,
    TimeSpan KvElapsed,
    TimeSpan RecomputeElapsed)
{
    /// <summary>Positions whose KV was in the runtime before: a standby had followed the context. The others were loaded or recomputed.</summary>
    public long Held { get; init; }

    /// <summary>Of the positions loaded: those whose KV was read while the holder was waited for, before the context was acquired.</summary>
    public long Prefetched { get; init; }

    /// <summary>Of the positions recomputed: those whose KV was stored, and was slower to come than to compute.</summary>
    public long RecomputedEarly { get; init; }

    /// <summary>
    /// Positions whose KV was read once more, since a first copy failed a check here: a copy in the silo's memory or on its disk was
    /// damaged, or bytes were on their way. Those whose second copy failed too are among <see cref="Discarded"/>.
    /// </summary>
    public long Reread { get; init; }

    /// <summary>
    /// What the context lost in the store, until an operator has looked into it: inputs that were durable once and are not among
    /// <see cref="Positions"/>. <see langword="null"/>: nothing; also of a session that goes on from its spool.
    /// </summary>
    public ContextLoss? Loss { get; init; }

    /// <summary>Numerics identity of the runtime that received the memory; unknown without a runtime.</summary>
    public NumericsIdentity Numerics { get; init; }

    /// <summary>
    /// The other numerics identities that have computed the context, or of which it is not known, oldest first. Empty where every position was
    /// computed with <see cref="Numerics"/>.
    /// </summary>
    public IReadOnlyList<NumericsIdentity> OtherNumerics { get; init; } = [];

    /// <summary>
    /// Whether what follows may differ in bits, by rounding, from what the agents before would have computed: an
    /// identity among <see cref="OtherNumerics"/> has computed positions of the context. Its KV is loaded all the same.
    /// </summary>
    public bool BitsMayDiffer => OtherNumerics.Count > 0;

    /// <summary>In words: positions, where their KV came from, and how long it took.</summary>
    public override string ToString()
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Positions} positions, KV of {Loaded} loaded ({Bytes} bytes, {Tier}) and of {Recomputed} recomputed, in {Elapsed.TotalMilliseconds:0.0} ms");
        text = Held > 0 ? $"{text}; {Held} were there before, in a standby" : text;
        text += Discarded > 0 ? $"; stored KV of {Discarded} was damaged or missing" : "";
        text += BitsMayDiffer ? $"; computed before with {string.Join(" | ", OtherNumerics)}, so that bits may differ" : "";
        return Loss is { } loss ? $"{text}; {loss}" : text;
    }

    /// <summary>Of a context that was new.</summary>
    public static RehydrationReport None { get; } = new(
        0, 0, 0, 0, 0, KvTier.None, default, default, default, default, default);
}
