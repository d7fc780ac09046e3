using Microsoft.Extensions.Configuration;
using Swarm.Core.Settings;

namespace Swarm.Client.Hosting;

/// <summary>Reads a client's settings from configuration, in the forms that a silo's settings are written in.</summary>
internal static class ClientConfiguration
{
    /// <summary>Reads all settings; what cannot be read is kept for the validator, which reports all faults together.</summary>
    public static void Read(IConfiguration section, SwarmClientOptions options)
    {
        Read(section, options, nameof(SwarmClientOptions.DataPlane), options.Faults);
        Read(section.GetSection(nameof(SwarmClientOptions.DataPlane)), options.DataPlane, null, options.Faults);
    }

    private static void Read(IConfiguration section, object options, string? inner, List<string> faults)
    {
        var settings = SettingDefinition.Of(options.GetType());
        foreach (var entry in section.GetChildren())
        {
            if (string.Equals(entry.Key, inner, StringComparison.OrdinalIgnoreCase) && entry.Value is null)
            {
                continue;
            }

            var name = entry.Path;
            if (settings.FirstOrDefault(setting => string.Equals(setting.Name, entry.Key, StringComparison.OrdinalIgnoreCase)) is not { } setting)
            {
                faults.Add($"{name} is not a setting; there are {string.Join(", ", settings.Select(each => each.Name))}{(inner is null ? "" : $", {inner}")}.");
            }
            else if (entry.GetChildren().Any())
            {
                faults.Add($"{name} has settings of its own; a value is needed.");
            }
            else if (entry.Value is { } text && setting.TrySet(options, text, name) is { } fault)
            {
                faults.Add(fault);
            }
        }
    }
}
