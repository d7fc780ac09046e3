using Swarm.Core.Identity;
using Swarm.Core.Sessions;

namespace Swarm.Storage.State;

/// <summary>Who may append, as one immutable value: readable from any thread.</summary>
/// <param name="Epoch">Epoch in force.</param>
/// <param name="Holder">Holder's name, or empty.</param>
/// <param name="ReservedFor">Successor that the last holder named, or empty.</param>
/// <param name="SecretHash">Hash of the holder's secret; of the releaser's after a release.</param>
internal sealed record Ownership(Epoch Epoch, string Holder, string ReservedFor, Digest256 SecretHash)
{
    /// <summary>Whether a proof is that of the holder.</summary>
    public bool IsHeldBy(SessionProof proof) =>
        Holder.Length > 0 && proof.Epoch == Epoch && proof.SecretHash.FixedTimeEquals(SecretHash);
}
