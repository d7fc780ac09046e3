using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests.Hosting;

/// <summary>Two silos as processes that do not know of each other, over one store.</summary>
public sealed class StoreHolderTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("file")]
    [InlineData("azure")]
    public async Task Start_WhileASiloAloneLives_IsRefusedAndAfterKillGoesOnAtOnce(string kind)
    {
        string[] store = kind == "file"
            ? [$"--Swarm:Store:Path={_folder.Combine("store")}"]
            :
            [
                "--Swarm:Store:Kind=azure",
                $"--Swarm:Store:ConnectionString={azurite.ConnectionString}",
                $"--Swarm:Store:Container={azurite.NewContainer()}",
            ];
        var first = await HostProcess.StartAsync(store);
        await using (first)
        {
            foreach (var other in new[] { "localhost", "store" })
            {
                var refused = await Assert.ThrowsAsync<InvalidOperationException>(
                    async () => await (await HostProcess.StartAsync([.. store, $"--Swarm:Cluster:Kind={other}", "--Swarm:Cluster:OneMachine=true"])).DisposeAsync());
                Assert.Contains("Swarm:Store: The store is in use by", refused.Message, StringComparison.Ordinal);
                Assert.Contains($"process {first.Id} on", refused.Message, StringComparison.Ordinal);
            }
        } // Killed.

        await using var next = await HostProcess.StartAsync(store);

        // Of a process that ended on this machine nothing has to be waited for.
        Assert.DoesNotContain("Waiting up to", next.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("no longer has its store", first.Output, StringComparison.Ordinal);
    }
}
