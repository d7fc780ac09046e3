using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Clustering;
using Swarm.Clustering.Membership;
using Swarm.Host.Connections;
using Swarm.Host.Settings;
using Swarm.Silo;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Startup;

/// <summary>The only place where everything is wired.</summary>
internal static class Composition
{
    /// <summary>Adds the settings that the parts of a silo look at, over an opened store that outlives the services.</summary>
    public static void AddSwarmSettings(this IServiceCollection services, IBlobStore store, HostSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(new SwarmSiloOptions
        {
            Store = _ => store,
            SharedBy = settings.Cluster.Kind == "store" ? settings.Cluster.ClusterId : null,
            ReleaseTimeout = settings.Cluster.ReleaseTimeout,
            Storage = settings.Storage,
            DataPlane = settings.DataPlane,
            Contexts = settings.Contexts,
            Tenants = settings.Tenants.ToDictionary(StringComparer.Ordinal),
        });
        services.AddSingleton<IFatalErrorHandler, FatalErrors>();
    }

    /// <summary>Adds the gates before the ports. Orleans and Kestrel have been added.</summary>
    public static void AddSwarmGates(this IServiceCollection services, ConnectionLimits limits, EndpointSettings endpoints)
    {
        services.AddSingleton(limits);
        services.AddSingleton(endpoints);
        services.AddSingleton<HostMetrics>();
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

        silo.AddSwarm();
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
        silo.Configure<SiloMessagingOptions>(options =>
        {
            // Orleans ends the calls that wait for a silo when that is declared dead. A call that is sent a moment later, before the
            // grain directory has heard of it, still goes to its open connection, and waits for this long: 30 s by default.
            options.ResponseTimeout = cluster.CallTimeout;
            options.SystemResponseTimeout = cluster.CallTimeout;
        });
    }
}
