using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Swarm.Clustering;
using Swarm.Core.Contexts;
using Swarm.Core.Tenants;
using Swarm.DataPlane.Server;
using Swarm.Grains;
using Swarm.Grains.Contexts;
using Swarm.Silo.Health;
using Swarm.Silo.Listening;
using Swarm.Silo.Stores;
using Swarm.Silo.Tenants;
using Swarm.Storage;
using Swarm.Storage.Blobs;
using Swarm.Storage.Log;

namespace Swarm.Silo;

/// <summary>What every silo is made of, embedded or not.</summary>
internal static class SiloServices
{
    /// <summary>Time beyond the closing of contexts that a stop may take.</summary>
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(10);

    /// <summary>Adds all but the ports and the store's life. The services must hold <see cref="SwarmSiloOptions"/>.</summary>
    /// <param name="silo">The silo.</param>
    public static void AddSwarm(this ISiloBuilder silo)
    {
        var services = silo.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(provider => new GivenStore(provider.GetRequiredService<SwarmSiloOptions>().Store!(provider)));
        services.AddSingleton(provider => new WatchedBlobStore(
            provider.GetRequiredService<GivenStore>().Store,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IMeterFactory>()));
        services.AddSingleton<IBlobStore>(provider => provider.GetRequiredService<WatchedBlobStore>());
        services.AddSingleton<StoreOwnership>();
        services.AddSingleton(provider => new ContextStore(
            provider.GetRequiredService<IBlobStore>(),
            provider.GetRequiredService<SwarmSiloOptions>().Storage,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<IWriterLiveness>(),
            meters: provider.GetRequiredService<IMeterFactory>()));
        services.AddSingleton<IContextHost>(provider => provider.GetRequiredService<ContextStore>());
        services.AddSingleton<StoreWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreWatch>());
        services.AddSingleton<SiloHealth>();
        services.AddSingleton<ITenantDirectory>(provider => new TenantDirectory(TenantRules.OrDefault(provider.GetRequiredService<SwarmSiloOptions>().Tenants).AsReadOnly()));
        services.AddSingleton(provider => provider.GetRequiredService<SwarmSiloOptions>().DataPlane);
        services.AddSingleton<DataPlaneAddress>();
        services.AddSingleton<IDataPlaneEndpoint>(provider => provider.GetRequiredService<DataPlaneAddress>());
        services.AddSingleton<SwarmConnectionHandler>();
        services.AddSwarmGrains();
        services.AddOptions<ContextGrainOptions>().Configure<SwarmSiloOptions>((options, settings) =>
        {
            options.OperationTimeout = settings.Contexts.OperationTimeout;
            options.SessionLinger = settings.Contexts.SessionLinger;
            options.SessionCheckPeriod = settings.Contexts.SessionCheckPeriod;
            options.IdleAge = settings.Contexts.IdleAge;
        });
        services.AddOptions<GrainCollectionOptions>().Configure<SwarmSiloOptions>((options, settings) =>
        {
            options.CollectionQuantum = settings.Contexts.IdleAge / 4;
            options.CollectionAge = settings.Contexts.IdleAge;
        });
        services.AddOptions<HostOptions>().PostConfigure<SwarmSiloOptions>((options, settings) =>
        {
            var needed = settings.Storage.StopTimeout + StopMargin;
            options.ShutdownTimeout = options.ShutdownTimeout < needed ? needed : options.ShutdownTimeout;
        });
        services.AddOptions<Swarm.Clustering.Writers.WriterLivenessOptions>().Configure<SwarmSiloOptions>(
            (options, settings) => options.ReleaseTimeout = settings.ReleaseTimeout);
        silo.UseWriterPeers(static _ => { });
        silo.UsePrefixPeers();
        silo.AddActivityPropagation();
    }
}
