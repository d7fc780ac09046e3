using Swarm.Storage.Blobs;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>The contract in memory.</summary>
public sealed class InMemoryBlobStoreContractTests : BlobStoreContract
{
    /// <inheritdoc/>
    protected override IBlobStore Store { get; } = new InMemoryBlobStore();
}
