using Swarm.Core.Settings;

namespace Swarm.Host.Settings;

/// <summary>Where everything is kept. Configuration section <c>Swarm:Store</c>.</summary>
public sealed class StoreSettings : ISettingRules
{
    /// <summary>Configuration section name.</summary>
    public const string SectionName = "Swarm:Store";

    /// <summary><c>file</c> or <c>azure</c>. Default <c>file</c>.</summary>
    [Setting("Where everything is kept.", OneOf = "file|azure")]
    public string Kind { get; set; } = "file";

    /// <summary>Folder of a file store. Default <c>swarm-data</c> in the working directory.</summary>
    [Setting("Folder of a file store.", IsFolder = true)]
    public string Path { get; set; } = "swarm-data";

    /// <summary>Connection string of an Azure store. Never logged.</summary>
    [Setting("Connection string of an Azure store. Never logged; better not an argument, which others can read.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>Container of an Azure store; it is created when missing. Default <c>swarm</c>.</summary>
    [Setting("Container of an Azure store; it is created when missing.")]
    public string Container { get; set; } = "swarm";

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (Kind == "file" && string.IsNullOrEmpty(Path))
        {
            yield return $"{name(nameof(Path))} is empty; name the folder of the file store.";
        }

        if (Kind == "azure" && string.IsNullOrWhiteSpace(ConnectionString))
        {
            yield return $"{name(nameof(ConnectionString))} is empty; an azure store needs the account's.";
        }

        if (Kind == "azure" && string.IsNullOrWhiteSpace(Container))
        {
            yield return $"{name(nameof(Container))} is empty; name the container.";
        }

        if (Kind == "file" && !string.IsNullOrWhiteSpace(ConnectionString))
        {
            yield return $"{name(nameof(ConnectionString))} is set, and {name(nameof(Kind))} is 'file': set {nameof(Kind)} to 'azure', or leave the "
                + "connection string out.";
        }
    }
}
