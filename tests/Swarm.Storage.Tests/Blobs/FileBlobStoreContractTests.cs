using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Testing;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>The contract on a folder.</summary>
public sealed class FileBlobStoreContractTests : BlobStoreContract, IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly FileBlobStore _store;

    public FileBlobStoreContractTests() => _store = new FileBlobStore(_folder.Combine("store"));

    /// <inheritdoc/>
    protected override IBlobStore Store => _store;

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }
}
