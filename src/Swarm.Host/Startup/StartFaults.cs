using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Orleans.Runtime.MembershipService;
using Swarm.Format.Objects;
using Swarm.Host.Settings;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Startup;

/// <summary>Says what went wrong while a silo started, where that is a matter of its settings or surroundings.</summary>
internal static class StartFaults
{
    /// <summary>Whether a start was called off, and nothing else happened.</summary>
    /// <param name="exception">What was thrown; several faults at once are an <see cref="AggregateException"/>.</param>
    public static bool IsOnlyCancellation(Exception exception) => All(exception).All(IsCancellation);

    /// <summary>Explains what a start threw.</summary>
    /// <param name="exception">What was thrown; several faults at once are an <see cref="AggregateException"/>.</param>
    /// <param name="cluster">The cluster's settings.</param>
    /// <returns>A <see cref="HostStartException"/>, or <paramref name="exception"/> where it cannot be explained.</returns>
    public static Exception Explain(Exception exception, ClusterSettings cluster)
    {
        var causes = Array.FindAll(All(exception), one => !IsCancellation(one)); // What follows from a fault is called off.
        var faults = causes.Select(one => Describe(one, cluster)).OfType<string>().ToArray();
        return faults.Length > 0 && faults.Length == causes.Length ? new HostStartException(faults) : exception;
    }

    private static Exception[] All(Exception exception) =>
        exception is AggregateException several ? [.. several.Flatten().InnerExceptions] : [exception];

    // Orleans' own exception is no OperationCanceledException.
    private static bool IsCancellation(Exception exception) => exception is OperationCanceledException or OrleansLifecycleCanceledException;

    private static string? Describe(Exception exception, ClusterSettings cluster) => exception switch
    {
        AddressInUseException or OptionsValidationException or IOException => exception.Message,
        SwarmRefusedException or BlobStoreException or CorruptObjectException => $"{StoreSettings.SectionName}: {exception.Message}",
        OrleansClusterConnectivityCheckFailedException =>
            $"{ClusterSettings.SectionName}: {exception.Message}. A silo that is gone is no longer waited for "
            + $"{cluster.LongestSilence.TotalSeconds:0} s ({ClusterSettings.SilentPeriods} x AlivePeriod) after its last heartbeat in the "
            + "membership table: these go on telling it that they live, and do not answer at their addresses. Let all silos "
            + "reach each other's silo ports, or stop those that cannot be reached.",
        OrleansException { InnerException: { } inner } => Describe(inner, cluster),
        _ => null,
    };
}
