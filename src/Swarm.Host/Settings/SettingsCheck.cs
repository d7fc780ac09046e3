using Swarm.Core.Identity;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Settings;

/// <summary>Rules of the host's own settings that a range does not say.</summary>
internal static class SettingsCheck
{
    /// <summary>Finds every fault.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="faults">Receives one sentence for each, with the value, the limit and the remedy.</param>
    /// <returns>The addresses that the endpoints mean; <see langword="null"/> where that is a fault.</returns>
    public static Addresses? FindFaults(HostSettings settings, List<string> faults)
    {
        CheckStore(settings.Store, faults);
        var at = CheckEndpoints(settings.Endpoints, faults);
        CheckCluster(settings.Cluster, at, faults);
        CheckTenants(settings, at, faults);
        return at;
    }

    private static void CheckStore(StoreSettings store, List<string> faults)
    {
        if (store.Kind == "file" && string.IsNullOrWhiteSpace(store.Path))
        {
            faults.Add($"{StoreSettings.SectionName}:Path is empty; name the folder of the file store.");
        }

        if (store.Kind == "azure" && string.IsNullOrWhiteSpace(store.ConnectionString))
        {
            faults.Add($"{StoreSettings.SectionName}:ConnectionString is empty; an azure store needs the account's.");
        }

        if (store.Kind == "azure" && string.IsNullOrWhiteSpace(store.Container))
        {
            faults.Add($"{StoreSettings.SectionName}:Container is empty; name the container.");
        }

        if (store.Kind == "file" && !string.IsNullOrWhiteSpace(store.ConnectionString))
        {
            faults.Add(
                $"{StoreSettings.SectionName}:ConnectionString is set, and {StoreSettings.SectionName}:Kind is 'file': set Kind "
                + "to 'azure', or leave the connection string out.");
        }

        if (store.Kind == "file" && !string.IsNullOrWhiteSpace(store.Path) && FolderPathRules.Fault(store.Path) is { } fault)
        {
            faults.Add($"{StoreSettings.SectionName}:Path: {fault}");
        }
    }

    private static void CheckCluster(ClusterSettings cluster, Addresses? at, List<string> faults)
    {
        const string Section = ClusterSettings.SectionName;
        CheckId("ClusterId", cluster.ClusterId);
        CheckId("ServiceId", cluster.ServiceId);
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

        void CheckId(string name, string value)
        {
            if (value.Length is 0 or > 64 || !value.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
            {
                faults.Add($"{Section}:{name} is '{value}'; 1 to 64 characters of [a-z0-9-] are needed.");
            }
        }
    }

    private static Addresses? CheckEndpoints(EndpointSettings endpoints, List<string> faults)
    {
        const string Section = EndpointSettings.SectionName;
        if (!Addresses.TryResolve(endpoints, out var at, out var fault))
        {
            faults.Add(fault);
        }

        var ports = Ports(endpoints);
        foreach (var same in ports.Where(port => port.Port > 0).GroupBy(port => port.Port).Where(group => group.Count() > 1))
        {
            faults.Add($"{Section}: {string.Join(" and ", same.Select(port => port.Name))} are both {same.Key}; they must differ.");
        }

        return at;
    }

    private static void CheckTenants(HostSettings settings, Addresses? at, List<string> faults)
    {
        foreach (var (name, token) in settings.Tenants)
        {
            try
            {
                Names.RequireTenant(name);
            }
            catch (ArgumentException exception)
            {
                faults.Add($"Swarm:Tenants: {exception.Message}");
            }

            // The value is not shown: somebody may have put the token itself there.
            if (token.Length > 0 && (token.Length != Digest256.SizeBytes * 2 || !token.All(char.IsAsciiHexDigit)))
            {
                faults.Add(
                    $"Swarm:Tenants:{name} is not the SHA-256 of a token in {Digest256.SizeBytes * 2} hexadecimal digits; "
                    + "make it with: printf %s \"$TOKEN\" | sha256sum");
            }

            if (token.Length == 0 && at is not { IsLoopback: true })
            {
                faults.Add(
                    $"Swarm:Tenants:{name} has no token, which is allowed only while listening on loopback: set it to the "
                    + "SHA-256 of a token.");
            }
        }
    }

    private static (string Name, int Port)[] Ports(EndpointSettings endpoints) =>
    [
        (nameof(endpoints.Gateway), endpoints.Gateway),
        (nameof(endpoints.DataPlane), endpoints.DataPlane),
        (nameof(endpoints.Http), endpoints.Http),
        (nameof(endpoints.Silo), endpoints.Silo),
    ];
}
