using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Swarm.Core.Identity;
using Swarm.Storage;
using Swarm.Storage.Log;

namespace Swarm.Clustering.Writers;

/// <summary>Answers other silos for this silo's contexts.</summary>
/// <param name="id">Id of the grain service.</param>
/// <param name="silo">The silo.</param>
/// <param name="loggers">Where logs go.</param>
/// <param name="contexts">This silo's contexts.</param>
[Reentrant]
internal sealed class WriterPeer(GrainId id, Silo silo, ILoggerFactory loggers, ContextStore contexts)
    : GrainService(id, silo, loggers), IWriterPeer
{
    private readonly ILogger _logger = loggers.CreateLogger<ClusterWriterLiveness>(); // Orleans' own words use this class's.

    /// <inheritdoc/>
    public async Task<int> ReleaseAsync(byte[] writer, byte[] context)
    {
        var wanted = ContextId.Read(context);
        var outcome = await contexts.AnswerReleaseAsync(new Id128(writer), wanted);
        if (outcome != ReleaseOutcome.Gone)
        {
            ClusteringLog.AskedToRelease(_logger, contexts.Names.Label(wanted), outcome);
        }

        return (int)outcome;
    }
}
