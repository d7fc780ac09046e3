using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Swarm.Grains.Contexts;
using Swarm.Grains.Fleet;
using Swarm.Grains.Security;

namespace Swarm.Grains;

/// <summary>Puts the grains' services together.</summary>
public static class SwarmGrainsExtensions
{
    /// <summary>Adds the credential filter and the grains' checked options to a silo.</summary>
    /// <param name="services">
    /// The silo's services. They must also hold an <see cref="Core.Contexts.IContextHost"/>, an
    /// <see cref="Core.Contexts.IPrefixDirectory"/>, an <see cref="IDataPlaneEndpoint"/> and an <see cref="Core.Tenants.ITenantDirectory"/>.
    /// </param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddSwarmGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GrainsMetrics>();
        services.AddOptions<ContextGrainOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ContextGrainOptions>, ContextGrainOptionsValidator>();
        services.AddSingleton<IIncomingGrainCallFilter, CredentialFilter>();
        services.AddSingleton<HolderWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<HolderWatch>());
        return services;
    }
}
