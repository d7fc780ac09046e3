using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Testing;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>The contract on a folder of a file system without hard links.</summary>
public sealed class FileBlobStoreWithoutLinksTests : BlobStoreContract, IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly FileBlobStore _store;

    public FileBlobStoreWithoutLinksTests() => _store = new FileBlobStore(_folder.Combine("store"), wantsLinks: false);

    /// <inheritdoc/>
    protected override IBlobStore Store => _store;

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }
}
