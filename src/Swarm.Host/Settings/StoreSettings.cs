namespace Swarm.Host.Settings;

/// <summary>Where everything is kept. Configuration section <c>Swarm:Store</c>.</summary>
public sealed class StoreSettings
{
    /// <summary>Configuration section name.</summary>
    public const string SectionName = "Swarm:Store";

    /// <summary><c>file</c> or <c>azure</c>. Default <c>file</c>.</summary>
    public string Kind { get; set; } = "file";

    /// <summary>Folder of a file store. Default <c>swarm-data</c> in the working directory.</summary>
    public string Path { get; set; } = "swarm-data";

    /// <summary>Connection string of an Azure store. Never logged.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Container of an Azure store; it is created when missing. Default <c>swarm</c>.</summary>
    public string Container { get; set; } = "swarm";
}
