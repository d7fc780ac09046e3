using Swarm.Testing;
using Xunit;

namespace Swarm.Clustering.Tests.Membership;

/// <summary>Membership over Azure Blob, as Azurite has it.</summary>
public sealed class AzuriteMembershipTableTests(AzuriteFixture azurite)
    : BlobMembershipTableTests(azurite.NewStore()), IClassFixture<AzuriteFixture>;
