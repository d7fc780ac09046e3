using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Clustering.Membership;
using Swarm.Format.Objects;
using Swarm.Host.Settings;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Startup;

/// <summary>Looks at the membership table before the silo is built.</summary>
internal static class ClusterProbe
{
    private static TimeSpan Limit => TimeSpan.FromSeconds(20);

    /// <summary>Finds a generation for this silo's address that no silo had at its endpoint, and who seems to be alive.</summary>
    /// <param name="store">Where the table is.</param>
    /// <param name="settings">The settings, with the port between silos chosen.</param>
    /// <param name="addresses">The addresses.</param>
    /// <param name="timeProvider">The clock of the limit.</param>
    /// <param name="cancellationToken">Stops looking.</param>
    /// <returns>The least generation, 0 where there is no table; and the silos that are waited for if they do not answer.</returns>
    /// <exception cref="HostStartException">The table cannot be read, or not within 20 s.</exception>
    public static async Task<(int LeastGeneration, IReadOnlyList<string> Alive)> LookAsync(
        IBlobStore store, HostSettings settings, Addresses addresses, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        if (settings.Cluster.Kind != "store")
        {
            return (0, []);
        }

        var table = new BlobMembershipTable(
            store,
            Options.Create(new ClusterOptions { ClusterId = settings.Cluster.ClusterId }),
            Options.Create(new StoreClusteringOptions()),
            TimeProvider.System,
            NullLogger<BlobMembershipTable>.Instance);
        try
        {
            var self = new IPEndPoint(addresses.Advertised, settings.Endpoints.Silo);
            var oldest = DateTime.UtcNow - settings.Cluster.LongestSilence;
            var members = await table.ReadAll().WaitAsync(Limit, timeProvider, cancellationToken);
            var alive = members.Members
                .Select(member => member.Item1)
                .Where(entry => entry.Status == SiloStatus.Active && entry.IAmAliveTime > oldest)
                .Where(entry => !entry.SiloAddress.Endpoint.Equals(self))
                .Select(entry => $"{entry.SiloAddress.Endpoint}");
            return (table.FindNextGeneration(members, self), [.. alive]);
        }
        catch (Exception exception) when (exception is BlobStoreException or CorruptObjectException)
        {
            throw new HostStartException([$"{ClusterSettings.SectionName}: {exception.Message}"]);
        }
        catch (TimeoutException)
        {
            throw new HostStartException(
            [
                $"{ClusterSettings.SectionName}: the {settings.Store.Kind} store did not give the membership table within {Limit.TotalSeconds} s. "
                + "Look at the store and the way to it, and start the silo again.",
            ]);
        }
    }
}
