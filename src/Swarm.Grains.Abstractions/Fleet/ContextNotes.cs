namespace Swarm.Grains.Abstractions.Fleet;

/// <summary>What a fleet is told of a context, from one snapshot of its state. No side effects.</summary>
internal static class ContextNotes
{
    /// <summary>The note of a context, and whether its policy wants another holder for it.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="status">Its state.</param>
    /// <param name="wasHeld">Whether somebody has held it since it was opened.</param>
    /// <param name="now">The time, on the clock of the status.</param>
    public static ContextNote Of(string context, ContextStatus status, bool wasHeld, DateTimeOffset now)
    {
        var policy = status.Policy ?? HandoffPolicy.Default;
        var silence = now - status.LastHeartbeat;
        var (need, since) = status switch
        {
            _ when !policy.IsOffered => (HandoffNeed.None, TimeSpan.Zero),
            { Holder.Length: 0 } => (status.Epoch.Value > 0 ? HandoffNeed.Released : HandoffNeed.None, silence),
            { ConnectionLost: { } lost } when now - lost >= policy.ReconnectGrace => (HandoffNeed.ConnectionLost, now - lost),
            _ => (silence >= policy.HolderSilence ? HandoffNeed.Silent : HandoffNeed.None, silence),
        };
        var note = Of(context, status, need, since) with { WasHeld = wasHeld };
        return need == HandoffNeed.Released && since >= policy.HolderSilence ? note with { ReservedFor = "" } : note; // Whoever was to have it did not come: it is everybody's.
    }

    /// <summary>The note of a context whose holder asks for a successor.</summary>
    public static ContextNote Planned(string context, ContextStatus status) => Of(context, status, HandoffNeed.Planned, TimeSpan.Zero);

    /// <summary>Whether the fleet has to look after a context: somebody holds it, or it needs a holder.</summary>
    public static bool IsWanted(ContextNote note) => note.Policy.IsOffered && (note.Holder.Length > 0 || note.Need != HandoffNeed.None);

    private static ContextNote Of(string context, ContextStatus status, HandoffNeed need, TimeSpan since) => new(
        context,
        status.Epoch.Value,
        status.Holder,
        status.ReservedFor,
        status.Model.Value,
        status.Durable.Tokens,
        status.Policy ?? HandoffPolicy.Default,
        need,
        need == HandoffNeed.None ? 0 : Math.Max(0, since.TotalSeconds));
}
