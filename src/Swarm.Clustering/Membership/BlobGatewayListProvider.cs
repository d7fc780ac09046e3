using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Swarm.Clustering.Membership;

/// <summary>Tells clients the gateways of the active silos, from the membership table in the blob store.</summary>
/// <param name="table">The table.</param>
/// <param name="options">How long a list may be used.</param>
public sealed class BlobGatewayListProvider(BlobMembershipTable table, IOptions<GatewayOptions> options)
    : IGatewayListProvider
{
    /// <inheritdoc/>
    public TimeSpan MaxStaleness => options.Value.GatewayListRefreshPeriod;

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => table.InitializeMembershipTable(tryInitTableVersion: false);

    /// <inheritdoc/>
    public async Task<IList<Uri>> GetGateways()
    {
        var members = (await table.ReadAll()).Members;
        return
        [
            .. members
                .Select(member => member.Item1)
                .Where(entry => entry.Status == SiloStatus.Active && entry.ProxyPort != 0)
                .Select(entry => SiloAddress
                    .New(entry.SiloAddress.Endpoint.Address, entry.ProxyPort, entry.SiloAddress.Generation)
                    .ToGatewayUri()),
        ];
    }
}
