using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>The same as <see cref="FolderChaosTests"/> over Azurite.</summary>
[Collection(nameof(Alone))]
public sealed class AzuriteChaosTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public Task Cluster_WhoseMembersAreLost_LosesNothingAcknowledged() => ChaosRun.RunAsync(
        "azurite",
        [
            "--Swarm:Store:Kind=azure", $"--Swarm:Store:ConnectionString={azurite.ConnectionString}",
            $"--Swarm:Store:Container={azurite.NewContainer()}",
        ],
        new ChaosSettings(rounds: 4),
        output);
}
