using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Silo;
using Swarm.Silo.Health;
using Swarm.Silo.Listening;

namespace Orleans.Hosting;

/// <summary>Embeds a silo of Swarm in a host.</summary>
public static class SwarmSiloExtensions
{
    /// <summary>Name of the health check that is added.</summary>
    public const string HealthCheckName = "swarm";

    private const string DefaultId = "swarm";

    /// <summary>Makes an Orleans silo a silo of Swarm: its grains, its contexts over a store, and its data plane.</summary>
    /// <param name="silo">The silo. Clustering and endpoints are configured as of any other, with <c>UseLocalhostClustering</c> for example.</param>
    /// <param name="configure">Sets the settings; <see cref="SwarmSiloOptions.Store"/> is required.</param>
    /// <returns><paramref name="silo"/>.</returns>
    /// <remarks>
    /// Settings that are out of range fail the building of the host, all of them named at once. The store is tried and taken before the host
    /// starts, and left when it has stopped; one that cannot be used, or that another silo has, fails the start. Signals stay the host's.
    /// Cluster and service id become <c>swarm</c>, as clients expect by default, where they were not set.
    /// </remarks>
    public static ISiloBuilder AddSwarmSilo(this ISiloBuilder silo, Action<SwarmSiloOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(configure);
        var services = silo.Services;
        services.AddOptions<SwarmSiloOptions>().Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SwarmSiloOptions>, SwarmSiloOptionsValidator>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<SwarmSiloOptions>>().Value);
        services.AddOptions<ClusterOptions>().PostConfigure(static options =>
        {
            options.ClusterId = options.ClusterId == ClusterOptions.DefaultClusterId ? DefaultId : options.ClusterId;
            options.ServiceId = options.ServiceId == ClusterOptions.DefaultServiceId ? DefaultId : options.ServiceId;
        });
        silo.AddSwarm();
        services.AddHostedService<SiloLifetime>();
        services.AddHostedService<DataPlaneListener>();
        services.AddHealthChecks().AddCheck<SwarmSiloHealthCheck>(HealthCheckName);
        return silo;
    }
}
