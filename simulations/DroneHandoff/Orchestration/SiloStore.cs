using DroneHandoff.Options;
using DroneHandoff.Processes;

namespace DroneHandoff.Orchestration;

/// <summary>The silo's settings of its store.</summary>
internal static class SiloStore
{
    /// <summary>Makes the settings.</summary>
    /// <param name="store">Which store.</param>
    /// <param name="azurite">Connection string of the Azurite that was started, if so.</param>
    /// <param name="folder">The run's folder.</param>
    /// <returns>Configuration keys with their values.</returns>
    public static IReadOnlyDictionary<string, string> Settings(DemoStore store, string? azurite, RunFolder folder) =>
        store.Kind == StoreKind.File
            ? new Dictionary<string, string>
            {
                ["Swarm:Store:Kind"] = "file",
                ["Swarm:Store:Path"] = folder.Combine("store"),
            }
            : new Dictionary<string, string>
            {
                ["Swarm:Store:Kind"] = "azure",
                ["Swarm:Store:ConnectionString"] = azurite ?? store.ConnectionString,
            };
}
