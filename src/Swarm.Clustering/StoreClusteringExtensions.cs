using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Messaging;
using Swarm.Clustering.Membership;

namespace Swarm.Clustering;

/// <summary>Lets silos and clients find each other through the blob store.</summary>
public static class StoreClusteringExtensions
{
    /// <summary>Keeps the cluster's membership in the blob store of the silo's services.</summary>
    /// <param name="builder">The silo.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static ISiloBuilder UseStoreClustering(this ISiloBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddTable(builder.Services);
        return builder;
    }

    /// <summary>Finds gateways by the membership in the blob store of the client's services.</summary>
    /// <param name="builder">The client.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IClientBuilder UseStoreClustering(this IClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddTable(builder.Services);
        builder.Services.AddSingleton<IGatewayListProvider, BlobGatewayListProvider>();
        return builder;
    }

    private static void AddTable(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<StoreClusteringOptions>();
        services.TryAddSingleton<BlobMembershipTable>();
        services.TryAddSingleton<IMembershipTable>(provider => provider.GetRequiredService<BlobMembershipTable>());
    }
}
