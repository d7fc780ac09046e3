using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Swarm.Core.Identity;
using Swarm.Storage;
using Swarm.Storage.Log;

namespace Swarm.Clustering.Writers;

/// <summary>Asks every silo that membership calls alive whether a writer is its own, and to close the context if so.</summary>
/// <remarks>
/// A silo that is called alive and does not answer may be the one: busy, until it answers or is declared dead. Being
/// wrong costs a seal and a re-open of contexts, never safety.
/// </remarks>
/// <param name="peers">The other silos.</param>
/// <param name="membership">Which silos there are.</param>
/// <param name="local">This silo.</param>
/// <param name="options">Settings.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="services">Has the store, which is made with this.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class ClusterWriterLiveness(
    WriterPeers peers,
    IClusterMembershipService membership,
    ILocalSiloDetails local,
    IOptions<WriterLivenessOptions> options,
    TimeProvider timeProvider,
    IServiceProvider services,
    ILogger<ClusterWriterLiveness> logger) : IWriterLiveness
{
    private const int RememberedWriters = 1024;

    private readonly GoneWriters _gone = new(RememberedWriters);

    /// <inheritdoc/>
    public async Task<ReleaseOutcome> AskToReleaseAsync(
        Id128 writer, ContextId context, CancellationToken cancellationToken)
    {
        if (_gone.Contains(writer))
        {
            return ReleaseOutcome.Gone;
        }

        var isSilent = false;
        var asked = Others().Select(silo => AskAsync(silo, writer, context, cancellationToken)).ToArray();
        await foreach (var answer in Task.WhenEach(asked).WithCancellation(cancellationToken))
        {
            switch (await answer)
            {
                case ReleaseOutcome.Gone:
                    break;
                case { } outcome:
                    return outcome; // It is that silo's writer: no other answer matters.
                default:
                    isSilent = true;
                    break;
            }
        }

        if (isSilent)
        {
            return ReleaseOutcome.Busy;
        }

        _gone.Add(writer);
        return ReleaseOutcome.Gone;
    }

    private SiloAddress[] Others() =>
    [
        .. membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping
                && !member.SiloAddress.Equals(local.SiloAddress))
            .Select(member => member.SiloAddress),
    ];

    /// <summary>Asks one silo; <see langword="null"/> when it is called alive and does not answer.</summary>
    private async Task<ReleaseOutcome?> AskAsync(
        SiloAddress silo, Id128 writer, ContextId context, CancellationToken cancellationToken)
    {
        RequestContext.Clear(); // The credential of the call that wants the context is not theirs to see.
        var contextBytes = new byte[ContextId.SizeBytes];
        context.CopyTo(contextBytes);
        try
        {
            return (ReleaseOutcome)await peers.At(silo).ReleaseAsync(writer.ToArray(), contextBytes)
                .WaitAsync(options.Value.ReleaseTimeout, timeProvider, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Dead)
            {
                return ReleaseOutcome.Gone;
            }

            ClusteringLog.PeerSilent(
                logger, silo, services.GetRequiredService<ContextStore>().Names.Label(context), exception.Message);
            return null;
        }
    }
}
