using DroneHandoff.Messages;
using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Outcome;

/// <summary>Everything that a run found out.</summary>
/// <param name="Model">The model.</param>
/// <param name="Left">The predecessor's last report before it left.</param>
/// <param name="EpochBefore">Epoch of the predecessor's session.</param>
/// <param name="Successors">The successors, by strategy, from the soonest to the one without memory.</param>
/// <param name="Twin">What the uninterrupted twin computed at the same place.</param>
/// <param name="StaleAppend">What became of the zombie.</param>
/// <param name="Steps">What streaming cost the predecessor.</param>
internal sealed record HandoffResult(
    ReadyEvent Model,
    ProgressEvent Left,
    ulong EpochBefore,
    IReadOnlyList<TookOverEvent> Successors,
    ContinuedEvent Twin,
    StaleAppendEvent StaleAppend,
    StepTimes Steps)
{
    /// <summary>What a live drone sent; <see langword="null"/> where a recording was played.</summary>
    public MavlinkReport? Mavlink { get; init; }

    /// <summary>The successor that stood by.</summary>
    public TookOverEvent StoodBy => Successors.Single(one => one.Strategy == Strategies.Standby);

    /// <summary>The successor that rehydrated.</summary>
    public TookOverEvent Rehydrated => Successors.Single(one => one.Strategy == Strategies.Rehydrate);

    /// <summary>Whether a successor computed the twin's logits, bit for bit, at the twin's position.</summary>
    /// <param name="successor">The successor.</param>
    /// <returns>Whether they are the same.</returns>
    public bool IsBitIdentical(TookOverEvent successor) =>
        successor.Continued.LogitsSha256 == Twin.LogitsSha256
        && successor.Continued.Positions == Twin.Positions
        && successor.Continued.Tokens.SequenceEqual(Twin.Tokens);
}
