using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Orleans.Runtime.MembershipService;
using Swarm.Core.Errors;
using Swarm.Host.Settings;

namespace Swarm.Host.Startup;

/// <summary>Says what went wrong while a silo started, where that is a matter of its settings or surroundings.</summary>
internal static class StartFaults
{
    /// <summary>Explains what a start threw.</summary>
    /// <param name="exception">What was thrown; several faults at once are an <see cref="AggregateException"/>.</param>
    /// <param name="cluster">The cluster's settings.</param>
    /// <returns>A <see cref="HostStartException"/>, or <paramref name="exception"/> where it cannot be explained.</returns>
    public static Exception Explain(Exception exception, ClusterSettings cluster)
    {
        Exception[] all = exception is AggregateException several ? [.. several.Flatten().InnerExceptions] : [exception];
        var faults = all.Select(one => Describe(one, cluster)).OfType<string>().ToArray();
        return faults.Length == all.Length ? new HostStartException(faults) : exception;
    }

    private static string? Describe(Exception exception, ClusterSettings cluster) => exception switch
    {
        AddressInUseException or OptionsValidationException or IOException => exception.Message,
        SwarmRefusedException => $"{StoreSettings.SectionName}: {exception.Message}",
        OrleansClusterConnectivityCheckFailedException =>
            $"{ClusterSettings.SectionName}: {exception.Message}. A silo that is gone is no longer waited for "
            + $"{cluster.LongestSilence.TotalSeconds:0} s ({ClusterSettings.SilentPeriods} x AlivePeriod) after its last life sign in the "
            + "membership table: these go on telling it that they live, and do not answer at their addresses. Let all silos "
            + "reach each other's silo ports, or stop those that cannot be reached.",
        _ => null,
    };
}
