using Swarm.Core.Settings;
using Swarm.Storage.Blobs;

namespace Swarm.Storage;

/// <summary>Finds every fault of a <see cref="ContextStoreOptions"/> at once.</summary>
public static class ContextStoreOptionsFaults
{
    /// <summary>Checks all settings.</summary>
    /// <param name="options">The settings.</param>
    /// <returns>One sentence for each fault, with the value and the limits; empty when all is well.</returns>
    public static IReadOnlyList<string> Find(ContextStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = SettingDefinition.FindFaults(options);
        return options.DiskTierPath is { Length: > 0 } disk && FolderPathRules.Fault(disk) is { } fault
            ? [.. faults, $"{nameof(options.DiskTierPath)}: {fault}"]
            : faults;
    }
}
