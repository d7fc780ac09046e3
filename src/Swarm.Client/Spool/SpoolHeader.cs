using Swarm.Core.Blocks;
using Swarm.Core.Sessions;

namespace Swarm.Client.Spool;

/// <summary>The first record of a segment: whose inputs follow, and from where on.</summary>
/// <param name="Tenant">Tenant name.</param>
/// <param name="Agent">Agent name.</param>
/// <param name="Context">Context name.</param>
/// <param name="Model">Fingerprint of the context's model.</param>
/// <param name="Epoch">Epoch of the session.</param>
/// <param name="Secret">Secret of the session: what proves that it holds the context.</param>
/// <param name="IsFresh">Whether nothing before this segment counts any more: a session's first, or the one behind a rewind.</param>
/// <param name="PreviousRecords">Records of the segment before, its header included; 0 for a fresh one.</param>
/// <param name="FirstPosition">Position of the first input that follows.</param>
/// <param name="PrefixHash">Chain hash through the inputs before it.</param>
/// <param name="RewindLength">Length that a rewind under way cuts back to, or -1.</param>
/// <param name="RewindSecret">Secret from that rewind on.</param>
/// <param name="States">States that were not durable when a fresh segment began.</param>
internal sealed record SpoolHeader(
    string Tenant,
    string Agent,
    string Context,
    ModelFingerprint Model,
    Epoch Epoch,
    SessionSecret Secret,
    bool IsFresh,
    int PreviousRecords,
    long FirstPosition,
    BlockHash PrefixHash,
    long RewindLength,
    SessionSecret? RewindSecret,
    IReadOnlyList<NamedState> States)
{
    /// <summary>Whether a rewind is under way: its outcome is known once the session attaches again.</summary>
    public bool IsRewinding => RewindSecret is not null;

    /// <summary>Whether both are of one agent's sessions on one context.</summary>
    public bool IsOf(string tenant, string agent, string context) =>
        (Tenant, Agent, Context) == (tenant, agent, context);

    /// <summary>Never shows a secret.</summary>
    public override string ToString() => $"SpoolHeader({Tenant}/{Context}, {Agent}, epoch {Epoch}, from {FirstPosition})";
}
