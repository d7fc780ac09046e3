using Swarm.DataPlane.Server;
using Swarm.Grains.Contexts;
using Swarm.Storage;

namespace Swarm.Host.Settings;

/// <summary>Reads the settings from configuration, and finds every fault at once.</summary>
internal static class SettingsReader
{
    private const string Root = "Swarm";
    private const string LogSection = "Swarm:Log";
    private const string TiersSection = "Swarm:Tiers";
    private const string DataPlaneSection = "Swarm:DataPlane";
    private const string TenantsSection = "Swarm:Tenants";

    private static string[] KnownSections =>
    [
        StoreSettings.SectionName, EndpointSettings.SectionName, ClusterSettings.SectionName, LogSection, TiersSection,
        DataPlaneSection, ContextGrainOptions.SectionName, TenantsSection,
    ];

    /// <summary>Reads and checks everything.</summary>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="faults">Receives one sentence for each fault.</param>
    /// <returns>The settings; of use only when there was no fault.</returns>
    public static HostSettings Read(IConfiguration configuration, List<string> faults)
    {
        foreach (var section in configuration.GetSection(Root).GetChildren())
        {
            if (!KnownSections.Contains(section.Path, StringComparer.OrdinalIgnoreCase))
            {
                faults.Add($"{section.Path} is not a setting; there are {string.Join(", ", KnownSections)}.");
            }
        }

        var settings = new HostSettings
        {
            Store = Bind(configuration, StoreSettings.SectionName, new StoreSettings(), faults),
            Endpoints = Bind(configuration, EndpointSettings.SectionName, new EndpointSettings(), faults),
            Cluster = Bind(configuration, ClusterSettings.SectionName, new ClusterSettings(), faults),
            Storage = Bind(
                configuration,
                TiersSection,
                Bind(configuration, LogSection, new ContextStoreOptions(), faults),
                faults),
            DataPlane = Bind(configuration, DataPlaneSection, new DataPlaneServerOptions(), faults),
            Contexts = Bind(configuration, ContextGrainOptions.SectionName, new ContextGrainOptions(), faults),
            Tenants = ReadTenants(configuration.GetSection(TenantsSection)),
        };
        SettingsCheck.FindFaults(settings, faults);
        faults.AddRange(ContextStoreOptionsFaults.Find(settings.Storage).Select(fault => $"{LogSection}, {TiersSection}: {fault}"));
        faults.AddRange(settings.DataPlane.FindFaults().Select(fault => $"{DataPlaneSection}: {fault}"));
        if (new ContextGrainOptionsValidator().Validate(null, settings.Contexts) is { Failed: true } failed)
        {
            faults.AddRange(failed.Failures);
        }

        return settings;
    }

    // Key by key, so that one bad value hides no other.
    private static T Bind<T>(IConfiguration configuration, string name, T target, List<string> faults)
        where T : class
    {
        foreach (var entry in configuration.GetSection(name).GetChildren())
        {
            var property = Array.Find(
                typeof(T).GetProperties(),
                candidate => candidate.CanWrite && candidate.Name.Equals(entry.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                var known = typeof(T).GetProperties().Where(candidate => candidate.CanWrite).Select(candidate => candidate.Name);
                faults.Add($"{entry.Path} is not a setting; there are {string.Join(", ", known)}.");
                continue;
            }

            try
            {
                property.SetValue(target, entry.Get(property.PropertyType) ?? property.GetValue(target));
            }
            catch (InvalidOperationException)
            {
                var remedy = property.PropertyType == typeof(TimeSpan) ? "a time as hh:mm:ss.fff" : $"a {property.PropertyType.Name}";
                faults.Add($"{entry.Path} is '{entry.Value}'; {remedy} is needed.");
            }
        }

        return target;
    }

    private static Dictionary<string, string> ReadTenants(IConfigurationSection section)
    {
        var tenants = section.GetChildren().ToDictionary(
            tenant => tenant.Key, tenant => tenant.Value ?? "", StringComparer.Ordinal);
        return tenants.Count > 0 ? tenants : new Dictionary<string, string>(StringComparer.Ordinal) { ["default"] = "" };
    }
}
