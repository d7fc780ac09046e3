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
    /// <summary>Finds a generation for this silo's address that no silo had at its endpoint, and who seems to be alive.</summary>
    /// <param name="store">Where the table is.</param>
    /// <param name="settings">The settings, with the port between silos chosen.</param>
    /// <param name="addresses">The addresses.</param>
    /// <returns>The least generation, 0 where there is no table; and the silos that are waited for if they do not answer.</returns>
    /// <exception cref="HostStartException">The table cannot be read.</exception>
    public static async Task<(int LeastGeneration, IReadOnlyList<string> Alive)> LookAsync(
        IBlobStore store, HostSettings settings, Addresses addresses)
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
            var alive = (await table.ReadAll()).Members
                .Select(member => member.Item1)
                .Where(entry => entry.Status == SiloStatus.Active && entry.IAmAliveTime > oldest)
                .Where(entry => !entry.SiloAddress.Endpoint.Equals(self))
                .Select(entry => $"{entry.SiloAddress.Endpoint}");
            return (await table.FindNextGenerationAsync(self), [.. alive]);
        }
        catch (Exception exception) when (exception is BlobStoreException or CorruptObjectException)
        {
            throw new HostStartException([$"{ClusterSettings.SectionName}: {exception.Message}"]);
        }
    }
}
