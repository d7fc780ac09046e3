using Swarm.Client.Streaming;

namespace Swarm.Client.Spool;

/// <summary>What a spool must know of its session.</summary>
/// <param name="Model">Fingerprint of its model.</param>
/// <param name="State">Its watermarks.</param>
/// <param name="History">Its inputs.</param>
/// <param name="States">Its states.</param>
internal sealed record SpoolSession(ModelFingerprint Model, SessionState State, InputHistory History, StateOutbox States);
