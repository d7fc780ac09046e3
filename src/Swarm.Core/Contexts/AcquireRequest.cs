using Swarm.Core.Identity;

namespace Swarm.Core.Contexts;

/// <summary>A session's request for the right to append.</summary>
/// <param name="Agent">The agent's name.</param>
/// <param name="SecretHash">Hash of the session's secret: the nonce that makes a repeat of this request harmless.</param>
/// <param name="ExpectedEpoch">Epoch that the caller saw. Another one refuses the request: check the current holder and retry.</param>
public sealed record AcquireRequest(string Agent, Digest256 SecretHash, Epoch ExpectedEpoch);

/// <summary>A durable acquisition.</summary>
/// <param name="Epoch">The epoch granted.</param>
/// <param name="Durable">Watermarks at the grant: what the new session finds.</param>
public sealed record Acquired(Epoch Epoch, Watermarks Durable);
