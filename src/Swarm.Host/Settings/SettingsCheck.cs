using System.Net;
using Swarm.Core.Identity;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Settings;

/// <summary>Rules of the host's own settings that a range does not say.</summary>
internal static class SettingsCheck
{
    /// <summary>Finds every fault.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="faults">Receives one sentence for each, with the value, the limit and the remedy.</param>
    public static void FindFaults(HostSettings settings, List<string> faults)
    {
        CheckStore(settings.Store, faults);
        CheckCluster(settings, faults);
        CheckEndpoints(settings.Endpoints, faults);
        CheckTenants(settings, faults);
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

    private static void CheckCluster(HostSettings settings, List<string> faults)
    {
        var cluster = settings.Cluster;
        const string Section = ClusterSettings.SectionName;
        CheckId("ClusterId", cluster.ClusterId);
        CheckId("ServiceId", cluster.ServiceId);
        if (cluster.Kind == "localhost" && Addresses.TryResolve(settings.Endpoints, out var at) && !IsLoopback(at))
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

    private static void CheckEndpoints(EndpointSettings endpoints, List<string> faults)
    {
        const string Section = EndpointSettings.SectionName;
        if (endpoints.Listen.Length > 0 && !IPAddress.TryParse(endpoints.Listen, out _))
        {
            faults.Add($"{Section}:Listen is '{endpoints.Listen}'; an IP address such as 0.0.0.0 is needed, or nothing.");
        }
        else if (!Addresses.TryResolve(endpoints, out _))
        {
            faults.Add($"{Section}:Address is '{endpoints.Address}'; an IP address, or a name that has one, is needed.");
        }

        var ports = Ports(endpoints);
        foreach (var same in ports.Where(port => port.Port > 0).GroupBy(port => port.Port).Where(group => group.Count() > 1))
        {
            faults.Add($"{Section}: {string.Join(" and ", same.Select(port => port.Name))} are both {same.Key}; they must differ.");
        }
    }

    private static void CheckTenants(HostSettings settings, List<string> faults)
    {
        var isLoopback = Addresses.TryResolve(settings.Endpoints, out var at) && IsLoopback(at);
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

            if (token.Length == 0 && !isLoopback)
            {
                faults.Add(
                    $"Swarm:Tenants:{name} has no token, which is allowed only while listening on loopback: set it to the "
                    + "SHA-256 of a token.");
            }
        }
    }

    private static bool IsLoopback(Addresses at) => IPAddress.IsLoopback(at.Advertised) && IPAddress.IsLoopback(at.Listen);

    private static (string Name, int Port)[] Ports(EndpointSettings endpoints) =>
    [
        (nameof(endpoints.Gateway), endpoints.Gateway),
        (nameof(endpoints.DataPlane), endpoints.DataPlane),
        (nameof(endpoints.Http), endpoints.Http),
        (nameof(endpoints.Silo), endpoints.Silo),
    ];
}
