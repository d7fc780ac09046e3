using Swarm.Silo.Tenants;

namespace Swarm.Host.Settings;

/// <summary>Rules between the settings of several sections.</summary>
internal static class SettingsCheck
{
    /// <summary>Finds every fault.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="faults">Receives one sentence for each, with the value, the limit and the remedy.</param>
    /// <returns>The addresses that the endpoints mean; <see langword="null"/> where that is a fault.</returns>
    public static Addresses? FindFaults(HostSettings settings, List<string> faults)
    {
        if (!Addresses.TryResolve(settings.Endpoints, out var at, out var fault))
        {
            faults.Add(fault);
        }

        CheckCluster(settings.Cluster, at, faults);
        faults.AddRange(TenantRules.FindFaults(
            settings.Tenants,
            isOnLoopback: at is { IsLoopback: true },
            HostSettings.TenantsSectionName,
            tenant => $"{HostSettings.TenantsSectionName}:{tenant}"));
        return at;
    }

    private static void CheckCluster(ClusterSettings cluster, Addresses? at, List<string> faults)
    {
        const string Section = ClusterSettings.SectionName;
        if (cluster.Kind == "store" && at is { IsOnlyHere: true } && !cluster.OneMachine)
        {
            faults.Add(
                $"{Section}:Kind is 'store', and {EndpointSettings.SectionName} names {at.Advertised}, listening on {at.Listen}, "
                + "which no other machine can reach; a silo of another machine that says the same would be taken for this one, and each "
                + $"start would end the other. Set {EndpointSettings.SectionName}:Address to an address that the other silos reach, or "
                + $"{Section}:OneMachine to true if all silos of the cluster are on this machine.");
        }

        if (cluster.Kind == "localhost" && at is { IsLoopback: false })
        {
            faults.Add(
                $"{Section}:Kind is 'localhost', and {EndpointSettings.SectionName} names {at.Advertised}, listening on "
                + $"{at.Listen}: set {Section}:Kind to 'store', or use a loopback address.");
        }
    }
}
