using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Messaging;
using Swarm.Clustering.Membership;
using Swarm.Clustering.Prefixes;
using Swarm.Clustering.Writers;
using Swarm.Core.Contexts;
using Swarm.Storage.Log;

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
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, MembershipLog>();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILocalSiloDetails, StoreSiloDetails>());
        return builder;
    }

    /// <summary>Lets the silos of a cluster ask each other for contexts, so that none takes another's log.</summary>
    /// <param name="builder">
    /// The silo. Its services must hold a <see cref="Storage.ContextStore"/>, made with the <see cref="IWriterLiveness"/>
    /// that this adds.
    /// </param>
    /// <param name="configure">Sets the settings.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static ISiloBuilder UseWriterPeers(this ISiloBuilder builder, Action<WriterLivenessOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddOptions<WriterLivenessOptions>().Configure(configure).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<WriterLivenessOptions>, WriterLivenessOptionsValidator>());
        builder.Services.AddSingleton<WriterPeers>();
        builder.Services.AddSingleton<IWriterLiveness, ClusterWriterLiveness>();
        return builder.AddGrainService<WriterPeer>();
    }

    /// <summary>Lets the silos of a cluster ask each other whose KV a new context can share.</summary>
    /// <param name="builder">The silo. Its services must hold a <see cref="Storage.ContextStore"/>.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static ISiloBuilder UsePrefixPeers(this ISiloBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<PrefixPeers>();
        builder.Services.AddSingleton<IPrefixDirectory, ClusterPrefixes>();
        return builder.AddGrainService<PrefixPeer>();
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
        services.AddOptions<StoreClusteringOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StoreClusteringOptions>, StoreClusteringOptionsValidator>());
        services.TryAddSingleton<BlobMembershipTable>();
        services.TryAddSingleton<IMembershipTable>(provider => provider.GetRequiredService<BlobMembershipTable>());
    }
}
