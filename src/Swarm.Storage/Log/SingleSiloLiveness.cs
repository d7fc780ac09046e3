using Swarm.Core.Identity;

namespace Swarm.Storage.Log;

/// <summary>Liveness of a store that has one silo: whatever writer is not its own is of a process that ended.</summary>
/// <remarks>Safe with several silos as well, but impolite: a live one loses its log and opens its contexts again.</remarks>
public sealed class SingleSiloLiveness : IWriterLiveness
{
    /// <inheritdoc/>
    public Task<ReleaseOutcome> AskToReleaseAsync(
        Id128 writer, ContextId context, CancellationToken cancellationToken) => Task.FromResult(ReleaseOutcome.Gone);
}
