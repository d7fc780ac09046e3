using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Clustering;
using Swarm.Clustering.Membership;
using Swarm.Core.Contexts;
using Swarm.Core.Tenants;
using Swarm.Grains;
using Swarm.Grains.Contexts;
using Swarm.Host.Connections;
using Swarm.Host.Health;
using Swarm.Host.Settings;
using Swarm.Host.Stores;
using Swarm.Host.Tenants;
using Swarm.Storage;
using Swarm.Storage.Blobs;
using Swarm.Storage.Log;

namespace Swarm.Host.Startup;

/// <summary>The only place where everything is wired.</summary>
internal static class Composition
{
    /// <summary>Adds the contexts of this silo, over an opened store that outlives the services.</summary>
    public static void AddSwarmStorage(this IServiceCollection services, IBlobStore store, HostSettings settings)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new WatchedBlobStore(store, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IBlobStore>(provider => provider.GetRequiredService<WatchedBlobStore>());
        services.AddSingleton(settings);
        services.AddSingleton<StoreOwnership>();
        services.AddSingleton<IFatalErrorHandler, FatalErrors>();
        services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.Storage.StopTimeout + TimeSpan.FromSeconds(10));
        services.AddSingleton(provider => new ContextStore(
            provider.GetRequiredService<IBlobStore>(),
            settings.Storage,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<IWriterLiveness>()));
        services.AddSingleton<IContextHost>(provider => provider.GetRequiredService<ContextStore>());
        services.AddSingleton<StoreWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreWatch>());
    }

    /// <summary>Adds what both planes ask, and the data plane's own settings.</summary>
    public static void AddSwarmPlanes(this IServiceCollection services, HostSettings settings)
    {
        services.AddSingleton<ITenantDirectory>(new TenantDirectory(settings.Tenants));
        services.AddSingleton(settings.DataPlane);
        services.AddSingleton<DataPlaneAddress>();
        services.AddSingleton<IDataPlaneEndpoint>(provider => provider.GetRequiredService<DataPlaneAddress>());
        services.AddSwarmGrains();
        services.Configure<ContextGrainOptions>(options =>
        {
            options.OperationTimeout = settings.Contexts.OperationTimeout;
            options.SessionLinger = settings.Contexts.SessionLinger;
            options.SessionCheckPeriod = settings.Contexts.SessionCheckPeriod;
            options.IdleAge = settings.Contexts.IdleAge;
        });
    }

    /// <summary>Adds the gates before the ports. Orleans and Kestrel have been added.</summary>
    public static void AddSwarmGates(this IServiceCollection services, ConnectionLimits limits, EndpointSettings endpoints)
    {
        services.AddSingleton(limits);
        services.AddSingleton(endpoints);
        services.AddSingleton<ConnectionGates>();
        services.AddSingleton<IConfigureOptions<SiloConnectionOptions>>(provider => provider.GetRequiredService<ConnectionGates>());
        foreach (var inner in services.Where(service => service.ServiceType == typeof(IConnectionListenerFactory)).ToArray())
        {
            services.Remove(inner);
            services.Add(inner.IsKeyedService
                ? new ServiceDescriptor(
                    inner.ServiceType,
                    inner.ServiceKey,
                    (provider, key) => Gate(
                        provider,
                        inner.KeyedImplementationFactory?.Invoke(provider, key)
                            ?? ActivatorUtilities.CreateInstance(provider, inner.KeyedImplementationType!)),
                    inner.Lifetime)
                : new ServiceDescriptor(
                    inner.ServiceType,
                    provider => Gate(
                        provider,
                        inner.ImplementationFactory?.Invoke(provider)
                            ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)),
                    inner.Lifetime));
        }

        static GatedListenerFactory Gate(IServiceProvider provider, object inner) =>
            new((IConnectionListenerFactory)inner, provider.GetRequiredService<ConnectionGates>());
    }

    /// <summary>Sets up the silo: its endpoints, its cluster and how fast failures are seen.</summary>
    public static void ConfigureSilo(ISiloBuilder silo, HostSettings settings, Addresses addresses, int leastGeneration)
    {
        var (cluster, endpoints) = (settings.Cluster, settings.Endpoints);
        if (cluster.Kind == "store")
        {
            silo.UseStoreClustering();
            silo.Configure<StoreClusteringOptions>(options => options.LeastGeneration = leastGeneration);
        }
        else
        {
            silo.UseDevelopmentClustering(new IPEndPoint(addresses.Advertised, endpoints.Silo));
        }

        silo.UseWriterPeers(options => options.ReleaseTimeout = cluster.ReleaseTimeout);
        silo.UsePrefixPeers();
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = cluster.ClusterId;
            options.ServiceId = cluster.ServiceId;
        });
        silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = addresses.Advertised;
            options.SiloPort = endpoints.Silo;
            options.GatewayPort = endpoints.Gateway;
            options.SiloListeningEndpoint = new IPEndPoint(addresses.Listen, endpoints.Silo);
            options.GatewayListeningEndpoint = new IPEndPoint(addresses.Listen, endpoints.Gateway);
        });
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // Orleans lets probes grow to four times as long, and takes as long to believe that a silo is gone.
            options.ProbeTimeout = cluster.ProbeTimeout;
            options.MaxProbeTimeout = cluster.ProbeTimeout;
            options.NumMissedProbesLimit = cluster.MissedProbes;
            options.NumVotesForDeathDeclaration = cluster.DeathVotes;
            options.IAmAliveTablePublishTimeout = cluster.AlivePeriod;
            options.TableRefreshTimeout = cluster.AlivePeriod;
            options.NumMissedTableIAmAliveLimit = ClusterSettings.SilentPeriods;
        });
        silo.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionQuantum = settings.Contexts.IdleAge / 4;
            options.CollectionAge = settings.Contexts.IdleAge;
        });
    }
}
