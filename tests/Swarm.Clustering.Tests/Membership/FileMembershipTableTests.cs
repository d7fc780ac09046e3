using Swarm.Storage.Files;
using Swarm.Testing;

namespace Swarm.Clustering.Tests.Membership;

/// <summary>Membership in a folder.</summary>
public sealed class FileMembershipTableTests : BlobMembershipTableTests, IDisposable
{
    private readonly TempDirectory _folder;
    private readonly FileBlobStore _store;

    public FileMembershipTableTests()
        : this(new TempDirectory())
    {
    }

    private FileMembershipTableTests(TempDirectory folder)
        : this(folder, new FileBlobStore(folder.Path))
    {
    }

    private FileMembershipTableTests(TempDirectory folder, FileBlobStore store)
        : base(store) => (_folder, _store) = (folder, store);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }
}
