using Swarm.Core.Settings;

namespace Swarm.Storage;

/// <summary>Finds every fault of a <see cref="ContextStoreOptions"/> at once.</summary>
public static class ContextStoreOptionsFaults
{
    /// <summary>Checks all settings.</summary>
    /// <param name="options">The settings.</param>
    /// <returns>One sentence for each fault, with the value and the limits; empty when all is well.</returns>
    public static IReadOnlyList<string> Find(ContextStoreOptions options) => SettingDefinition.FindFaults(options);
}
