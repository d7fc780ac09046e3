using Orleans.Services;

namespace Swarm.Clustering.Writers;

/// <summary>One silo, asked by another for a context that its writer has open. One of them lives on each silo.</summary>
/// <remarks>
/// A grain service is no activation that other calls could keep waiting. Only whoever read a context's root knows the id
/// of its writer, so nobody else closes anything with it.
/// </remarks>
[Alias("swarm.writer-peer.v1")]
internal interface IWriterPeer : IGrainService
{
    /// <summary>Closes a context here, so that the caller can open it.</summary>
    /// <param name="writer">Encoded id of the writer that the context's root names, 16 bytes.</param>
    /// <param name="context">Encoded id of the context, 32 bytes.</param>
    /// <returns>Number of a <see cref="Storage.Log.ReleaseOutcome"/>; gone when the writer is none of this silo.</returns>
    [Alias("release")]
    Task<int> ReleaseAsync(byte[] writer, byte[] context);
}
