using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>
/// Three silos and fifty streaming agents in real processes, that are killed, stopped and started all the while, on the
/// folder store. Promises 1 to 4, 6 and 9, checked from what the agents recorded.
/// </summary>
[Collection(nameof(Alone))]
public sealed class FolderChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Cluster_WhoseMembersAreLost_LosesNothingAcknowledged()
    {
        using var folder = new TempDirectory();
        await ChaosRun.RunAsync("file", [$"--Swarm:Store:Path={folder.Path}"], new ChaosSettings(rounds: 8), output);
    }
}
