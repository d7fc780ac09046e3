using Swarm.Core.Settings;
using Swarm.Storage.Azure;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;

namespace Swarm.Tool.Stores;

/// <summary>The store that the options name, opened for looking alone.</summary>
internal sealed class StoreChoice : IDisposable
{
    private const string ObjectsFolder = "objects";
    private readonly IBlobStore _inner;

    private StoreChoice(IBlobStore inner, string place)
    {
        _inner = inner;
        Place = place;
        Blobs = new ReadOnlyBlobStore(inner);
    }

    /// <summary>The store.</summary>
    public IBlobStore Blobs { get; }

    /// <summary>Where it is, without any secret.</summary>
    public string Place { get; }

    /// <summary>Opens a store.</summary>
    /// <param name="store">A folder, or an Azure Storage connection string.</param>
    /// <param name="container">Container of an Azure store; <see langword="null"/> where none was named.</param>
    /// <param name="defaultContainer">What stands for none.</param>
    /// <exception cref="ToolException">It is neither, or there is no store there.</exception>
    public static StoreChoice Open(string store, string? container, string defaultContainer)
    {
        if (AzureBlobStore.IsConnectionString(store))
        {
            try
            {
                var azure = AzureBlobStore.Connect(
                    store, container ?? defaultContainer, new AzureBlobStoreOptions { CreatesContainer = false });
                return new StoreChoice(azure, azure.Place);
            }
            catch (ArgumentException fault)
            {
                throw new ToolException(fault.Message);
            }
        }

        if (FolderPathRules.Fault(store) is { } wrong)
        {
            throw new ToolException($"--store: {wrong}");
        }

        var path = Path.GetFullPath(store);
        if (container is not null)
        {
            throw new ToolException($"--container '{container}' belongs to an Azure store, and --store '{path}' is a folder. Leave --container out.");
        }

        return Directory.Exists(Path.Combine(path, ObjectsFolder))
            ? new StoreChoice(new FileBlobStore(path), path)
            : throw new ToolException(
                $"--store '{path}' is no store: there is no folder '{ObjectsFolder}' in it. Give the folder of a file store "
                + "(Swarm:Store:Path of a silo), or an Azure Storage connection string.");
    }

    /// <inheritdoc/>
    public void Dispose() => (_inner as IDisposable)?.Dispose();
}
