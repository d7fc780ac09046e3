using Swarm.Core.Identity;

namespace Swarm.Core.Sessions;

/// <summary>What each append and rewind presents: the epoch it was granted, and the hash of its secret.</summary>
/// <param name="Epoch">Epoch granted at acquisition or at the latest rewind.</param>
/// <param name="SecretHash">Hash of the session's secret, checked when the data-plane session attached.</param>
public readonly record struct SessionProof(Epoch Epoch, Digest256 SecretHash);
