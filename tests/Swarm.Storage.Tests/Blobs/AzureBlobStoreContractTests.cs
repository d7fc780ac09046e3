using Swarm.Storage.Blobs;
using Swarm.Testing;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>The contract on Azurite.</summary>
public sealed class AzureBlobStoreContractTests(AzuriteFixture azurite)
    : BlobStoreContract, IClassFixture<AzuriteFixture>
{
    /// <inheritdoc/>
    protected override IBlobStore Store { get; } = azurite.NewStore();
}
