using Swarm.Client.Streaming;

namespace Swarm.Client.Spool;

/// <summary>What a spool must know of its session.</summary>
/// <param name="Model">Fingerprint of its model.</param>
/// <param name="State">Its watermarks.</param>
/// <param name="History">Its inputs.</param>
/// <param name="States">Its states.</param>
internal sealed record SpoolSession(ModelFingerprint Model, SessionState State, InputHistory History, StateOutbox States);

/// <summary>What a session with a spool starts with.</summary>
/// <param name="Spool">Its spool.</param>
/// <param name="Recovery">What it found of itself, if it goes on.</param>
/// <param name="Leftovers">What earlier sessions left over.</param>
internal sealed record SpooledStart(SessionSpool Spool, SpoolRecovery? Recovery, IReadOnlyList<SpoolLeftover> Leftovers);
