using Azure.Storage.Blobs;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Testing;
using Swarm.Tool.Tests.Support;
using Xunit;

namespace Swarm.Tool.Tests.Stores;

/// <summary>The command over the emulator of Azure Blob Storage.</summary>
public sealed class AzureStoreTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const int RootBytes = 16 << 10;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Verify_ContainerWrittenByASilo_IsCleanUntilAPageIsDamaged()
    {
        var container = azurite.NewContainer();
        var blobs = Storage.Azure.AzureBlobStore.Connect(azurite.ConnectionString, container);
        await using (var store = Writing.Open(blobs))
        {
            var writing = await Writing.StartAsync(store, "t", "c");
            await writing.AddTokensAsync(200);
            await writing.AddKvAsync(190, 10);
            await writing.DisposeAsync();
        }

        string[] options = ["--store", azurite.ConnectionString, "--container", container];
        Assert.Equal(0, (await SwarmCommand.RunAsync(["verify", .. options])).Code);
        var (_, context) = await SwarmCommand.JsonAsync(["inspect", "context", "t/c", .. options]);
        Assert.Equal((200, 190), ((int)context["tokens"]!, (int)context["kv"]!));

        var name = BlobNames.Root(ContextId.FromNames("t", "c"));
        var read = new byte[RootBytes];
        var found = await blobs.ReadAsync(name, 0, read, Token);
        read[100] ^= 1;
        await blobs.ReplaceAsync(name, new(read.AsMemory(0, found.Count)), found.ETag!, Token);
        var (code, report) = await SwarmCommand.JsonAsync(["verify", .. options]);

        Assert.Equal(1, code);
        Assert.Equal(name, (string?)report["damage"]!.AsArray()[0]!["object"]);
        Assert.DoesNotContain("AccountKey", report.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_ContainerThatIsNotThere_FailsAndDoesNotMakeIt()
    {
        var container = azurite.NewContainer();

        var (code, _, error) = await SwarmCommand.RunAsync(
            "verify", "--store", azurite.ConnectionString, "--container", container);

        Assert.Equal(2, code);
        Assert.Contains("does not exist", error, StringComparison.Ordinal);
        var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2024_11_04);
        Assert.False(await new BlobContainerClient(azurite.ConnectionString, container, options).ExistsAsync(Token));
    }
}
