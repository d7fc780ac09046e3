using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Swarm;
using Swarm.Extensions.AI.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers chat clients over a swarm in a host's services.</summary>
/// <remarks>
/// <para>
/// A registered client is an <see cref="IChatClient"/>, one for the process, over the <see cref="ISwarmClient"/> that <c>AddSwarmClient</c> has registered. The
/// container disposes of it, and releases its conversations, before the swarm's client.
/// </para>
/// <para>
/// Settings are checked when the host starts, all that are wrong named at once. Logs, meters and the clock are the host's, unless the settings name others.
/// <see cref="SwarmChatClient"/> itself is <c>client.GetService&lt;SwarmChatClient&gt;()</c>.
/// </para>
/// </remarks>
public static class SwarmChatClientServiceCollectionExtensions
{
    /// <summary>Registers the chat client of a process.</summary>
    /// <param name="services">The services, with an <see cref="ISwarmClient"/>.</param>
    /// <param name="configure">
    /// Sets the settings, with the help of other services; <see cref="SwarmChatClientOptions.Format"/> and <see cref="SwarmChatClientOptions.CreateRuntime"/>
    /// are required.
    /// </param>
    /// <returns>A builder of what is between the application and the client, such as <c>UseOpenTelemetry</c> and <c>UseLogging</c>.</returns>
    public static ChatClientBuilder AddSwarmChatClient(
        this IServiceCollection services, Action<SwarmChatClientOptions, IServiceProvider> configure)
    {
        Add(services, Options.Options.DefaultName, configure, static (provider, _) => provider.GetRequiredService<ISwarmClient>());
        return services.AddChatClient(static provider => provider.GetRequiredKeyedService<SwarmChatClient>(Options.Options.DefaultName));
    }

    /// <summary>Registers one of several chat clients, as for two models.</summary>
    /// <param name="services">The services, with an <see cref="ISwarmClient"/>, of the same name or without one.</param>
    /// <param name="name">Its name: the key of the keyed service, and the name of its options.</param>
    /// <param name="configure">Sets the settings, with the help of other services.</param>
    /// <returns>A builder of what is between the application and the client.</returns>
    public static ChatClientBuilder AddSwarmChatClient(
        this IServiceCollection services, string name, Action<SwarmChatClientOptions, IServiceProvider> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Add(
            services, name, configure,
            static (provider, name) => provider.GetKeyedService<ISwarmClient>(name) ?? provider.GetRequiredService<ISwarmClient>());
        return services.AddKeyedChatClient(name, provider => provider.GetRequiredKeyedService<SwarmChatClient>(name));
    }

    private static void Add(
        IServiceCollection services,
        string name,
        Action<SwarmChatClientOptions, IServiceProvider> configure,
        Func<IServiceProvider, string, ISwarmClient> findSwarm)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<SwarmChatClientOptions>(name)
            .Configure(configure)
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
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SwarmChatClientOptions>, SwarmChatClientOptionsValidator>());
        services.AddKeyedSingleton(name, (provider, _) => new SwarmChatClient(
            findSwarm(provider, name), provider.GetRequiredService<IOptionsMonitor<SwarmChatClientOptions>>().Get(name)));
    }
}
