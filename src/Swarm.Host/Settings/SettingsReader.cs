using System.Collections.ObjectModel;
using Swarm.Core.Settings;
using Swarm.Host.Logging;
using Swarm.Silo.Tenants;

namespace Swarm.Host.Settings;

/// <summary>Reads the settings from configuration, and finds every fault at once.</summary>
internal static class SettingsReader
{
    private const string Root = "Swarm";

    /// <summary>Reads and checks everything.</summary>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="faults">Receives one sentence for each fault.</param>
    /// <returns>The settings, of use only when there was no fault; and the addresses that they mean, or <see langword="null"/> and a fault.</returns>
    public static (HostSettings Settings, Addresses? Addresses) Read(IConfiguration configuration, List<string> faults)
    {
        var settings = new HostSettings { Tenants = ReadTenants(configuration.GetSection(HostSettings.TenantsSectionName)) };
        var known = BoundSetting.Of(settings).ToDictionary(setting => setting.Path, StringComparer.OrdinalIgnoreCase);
        foreach (var entry in Leaves(configuration.GetSection(Root)))
        {
            if (known.TryGetValue(entry.Path, out var setting))
            {
                Set(setting, entry.Value, faults);
            }
            else if (!IsTenant(entry.Path))
            {
                faults.Add(SettingNames.Unknown(entry.Path, known.Values.Select(each => each.Path)));
            }
        }

        foreach (var (section, options) in settings.Bound)
        {
            var names = BoundSetting.Of(section, options).ToDictionary(setting => setting.Definition.Name, setting => setting.Path, StringComparer.Ordinal);
            faults.AddRange(SettingRules.FindFaults(options, name => names[name]));
        }

        var addresses = SettingsCheck.FindFaults(settings, faults);
        LoggingCheck.FindFaults(configuration, faults);
        return (settings, addresses);
    }

    /// <summary>Everything that has a value, or nothing below it.</summary>
    private static IEnumerable<IConfigurationSection> Leaves(IConfigurationSection section)
    {
        var parts = section.GetChildren().ToArray();
        if (section.Path != Root && (parts.Length == 0 || section.Value is not null))
        {
            yield return section;
        }

        foreach (var leaf in parts.SelectMany(Leaves))
        {
            yield return leaf;
        }
    }

    private static void Set(BoundSetting setting, string? text, List<string> faults)
    {
        if (text is null)
        {
            return; // A null in a file: the default.
        }

        if (setting.Definition.TrySet(setting.Options, text, setting.Path) is { } fault)
        {
            faults.Add(fault);
        }
    }

    private static bool IsTenant(string path) =>
        path.StartsWith($"{HostSettings.TenantsSectionName}:", StringComparison.OrdinalIgnoreCase)
        && path.IndexOf(':', HostSettings.TenantsSectionName.Length + 1) < 0;

    private static ReadOnlyDictionary<string, string> ReadTenants(IConfigurationSection section) => TenantRules.OrDefault(
        section.GetChildren().ToDictionary(tenant => tenant.Key, tenant => tenant.Value ?? "", StringComparer.Ordinal)).AsReadOnly();
}
