using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Swarm;
using Swarm.Client.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers clients of a swarm in a host's services.</summary>
/// <remarks>
/// <para>
/// A registered client is an <see cref="ISwarmClient"/>, one for the process. It connects when it is first used; where that fails, the call
/// fails as <see cref="SwarmClient.ConnectAsync(SwarmClientOptions, CancellationToken)"/> does, and the next one tries again. The container disposes of it.
/// </para>
/// <para>
/// Settings are checked when the host starts; all invalid values are reported together. Logs go to the host's <see cref="ILoggerFactory"/>, and the
/// clock is its <see cref="TimeProvider"/>, if one is registered, unless the settings name others. A health check comes with each client:
/// <c>swarm-client</c>, or <c>swarm-client-NAME</c>. A client can only be disposed asynchronously: use <c>await using</c> for a
/// <see cref="ServiceProvider"/> of your own. Where a name is registered again, the settings of all calls apply in their order.
/// </para>
/// </remarks>
public static class SwarmClientServiceCollectionExtensions
{
    private const string HealthCheckName = "swarm-client";

    /// <summary>Registers the client of a process.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the settings; <see cref="SwarmClientOptions.Address"/> is required.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddSwarmClient(this IServiceCollection services, Action<SwarmClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<SwarmClientOptions>().Configure(configure);
        return Add(services, Options.Options.DefaultName);
    }

    /// <summary>Registers the client of a process from configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">
    /// Settings by the names of <see cref="SwarmClientOptions"/>, the section <c>Swarm:Client</c> for example, in the forms of a silo's
    /// settings, such as <c>20s</c> and <c>64KiB</c>. A key that is none of them is reported when the host starts.
    /// </param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddSwarmClient(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<SwarmClientOptions>().Configure(options => ClientConfiguration.Read(section, options));
        return Add(services, Options.Options.DefaultName);
    }

    /// <summary>Registers one of several clients, as for two swarms or two tenants.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Its name: the key of the keyed service, and the name of its options.</param>
    /// <param name="configure">Sets the settings; <see cref="SwarmClientOptions.Address"/> is required.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddSwarmClient(this IServiceCollection services, string name, Action<SwarmClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<SwarmClientOptions>(name).Configure(configure);
        return Add(services, name);
    }

    /// <summary>Registers one of several clients from configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Its name: the key of the keyed service, and the name of its options.</param>
    /// <param name="section">Settings by the names of <see cref="SwarmClientOptions"/>, as above. A key that is none of them is reported when the host starts.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddSwarmClient(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<SwarmClientOptions>(name).Configure(options => ClientConfiguration.Read(section, options));
        return Add(services, name);
    }

    private static IServiceCollection Add(IServiceCollection services, string name)
    {
        if (services.Any(service => service.ServiceType == typeof(HostedSwarmClient) && Equals(service.ServiceKey, name)))
        {
            return services; // Registered before; its settings are those of all calls, in their order.
        }

        services.AddOptions<SwarmClientOptions>(name)
            .PostConfigure<IServiceProvider>(static (options, provider) =>
            {
                if (options.LoggerFactory is NullLoggerFactory && provider.GetService<ILoggerFactory>() is { } loggers)
                {
                    options.LoggerFactory = loggers;
                }

                options.MeterFactory ??= provider.GetService<IMeterFactory>();
                if (options.TimeProvider == TimeProvider.System && provider.GetService<TimeProvider>() is { } clock)
                {
                    options.TimeProvider = clock;
                }
            })
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SwarmClientOptions>, SwarmClientOptionsValidator>());
        services.AddKeyedSingleton(name, static (provider, key) =>
        {
            var options = provider.GetRequiredService<IOptionsMonitor<SwarmClientOptions>>();
            return new HostedSwarmClient(stop => SwarmClient.ConnectAsync(options.Get((string)key!), stop));
        });
        services.AddKeyedSingleton<ISwarmClient>(name, static (provider, key) => provider.GetRequiredKeyedService<HostedSwarmClient>(key));
        if (name.Length == 0)
        {
            services.AddSingleton<ISwarmClient>(static provider => provider.GetRequiredKeyedService<HostedSwarmClient>(Options.Options.DefaultName));
        }

        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name.Length == 0 ? HealthCheckName : $"{HealthCheckName}-{name}",
            provider => new SwarmClientHealthCheck(provider.GetRequiredKeyedService<HostedSwarmClient>(name)),
            failureStatus: null,
            tags: null));
        return services;
    }
}
