using Swarm.Core.Identity;

namespace Swarm.Storage.Log;

/// <summary>What is known of other silos' writers: a matter of politeness, never of safety (the seal is).</summary>
public interface IWriterLiveness
{
    /// <summary>Asks the silo of a writer to close a context, if that silo is alive.</summary>
    /// <param name="writer">The writer that the context's root names.</param>
    /// <param name="context">The context.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>What became of it.</returns>
    Task<ReleaseOutcome> AskToReleaseAsync(Id128 writer, ContextId context, CancellationToken cancellationToken);
}
