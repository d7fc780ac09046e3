using System.Buffers;
using Azure.Storage.Blobs;
using Swarm.Storage.Azure;
using Swarm.Storage.Blobs;
using Swarm.Testing;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>What the Azure store says when the service, or its configuration, lets it down.</summary>
public sealed class AzureBlobStoreFaultTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string Secret = "c2VjcmV0IGtleSBvZiBhbiBhY2NvdW50";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnyCall_WrongKey_IsRefusedForGoodWithoutShowingIt()
    {
        var key = azurite.ConnectionString.Split(';').Single(part => part.StartsWith("AccountKey=", StringComparison.Ordinal));
        var store = AzureBlobStore.Connect(
            azurite.ConnectionString.Replace(key, $"AccountKey={Secret}", StringComparison.Ordinal), "wrong-key");

        var fault = await Assert.ThrowsAsync<BlobStoreException>(() => store.CreateAsync("a/b", default, Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains("'a/b' in devstoreaccount1/wrong-key", fault.Message, StringComparison.Ordinal);
        Assert.Contains("credential is refused", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/devstoreaccount1")]
    [InlineData("http://no-such-host.invalid/devstoreaccount1")]
    public async Task AnyCall_ServiceOutOfReach_IsTransientAndNamesTheRemedy(string endpoint)
    {
        var store = AzureBlobStore.Connect(
            $"AccountName=devstoreaccount1;AccountKey={Secret};BlobEndpoint={endpoint}",
            "nowhere",
            new AzureBlobStoreOptions { ReadRetries = 1 });

        var create = await Assert.ThrowsAsync<BlobStoreException>(() => store.CreateAsync("a", default, Stop));
        var read = await Assert.ThrowsAsync<BlobStoreException>(() => store.ReadAsync("a", 0, new byte[1], Stop));

        Assert.All([create, read], fault =>
        {
            Assert.True(fault.IsTransient);
            Assert.Contains("'a' in devstoreaccount1/nowhere", fault.Message, StringComparison.Ordinal);
            Assert.Contains("check the endpoint", fault.Message, StringComparison.Ordinal);
        });
    }

    /// <summary>However a connection ends, it is a fault of the store that passes: a log is not given up for it.</summary>
    [Fact]
    public async Task AnyCall_ConnectionsCutAtOnce_IsTransient()
    {
        var authority = new Uri(azurite.ConnectionString.Split(';')
            .Single(part => part.StartsWith("BlobEndpoint=", StringComparison.Ordinal))["BlobEndpoint=".Length..]).Authority;
        await using var proxy = new CuttingProxy(authority);
        proxy.Stop();
        var store = AzureBlobStore.Connect(
            azurite.ConnectionString.Replace(authority, proxy.Endpoint, StringComparison.Ordinal), "cut", new AzureBlobStoreOptions { ReadRetries = 0 });

        for (var round = 0; round < 200; round++)
        {
            var faults = await Task.WhenAll(Enumerable.Range(0, 16).Select(async index =>
                await Record.ExceptionAsync(() => store.CreateAsync($"a/{index}", default, Stop))));
            Assert.All(faults, fault => Assert.True(Assert.IsType<BlobStoreException>(fault).IsTransient));
        }
    }

    [Fact]
    public async Task Read_ContainerMissing_MakesItAndFindsNothing()
    {
        var store = azurite.NewStore();

        Assert.True((await store.ReadAsync("a", 0, new byte[1], Stop)).IsMissing);
        Assert.False(await store.DeleteAsync("a", Stop));
    }

    [Fact]
    public async Task AnyCall_ContainerDeletedLater_SaysSoAndMakesNoOther()
    {
        var name = azurite.NewContainer();
        var store = AzureBlobStore.Connect(azurite.ConnectionString, name);
        await store.CreateAsync("a", new ReadOnlySequence<byte>([1]), Stop);
        var container = new BlobContainerClient(azurite.ConnectionString, name);
        await container.DeleteAsync(cancellationToken: Stop);

        foreach (var call in new Func<Task>[]
        {
            () => store.CreateAsync("b", new ReadOnlySequence<byte>([1]), Stop),
            () => store.ReadAsync("a", 0, new byte[1], Stop),
        })
        {
            var fault = await Assert.ThrowsAsync<BlobStoreException>(call);
            Assert.False(fault.IsTransient);
            Assert.Contains("is not made again while this process runs", fault.Message, StringComparison.Ordinal);
        }

        Assert.False(await container.ExistsAsync(Stop));
    }

    [Theory]
    [InlineData("hello", "part 1 of 1 is not 'Name=value'")]
    [InlineData("AcountKey=" + Secret, "part 1 of 1 has a name that is not known")]
    [InlineData("AccountKey=" + Secret, "AccountName is missing")]
    [InlineData("AccountName=me", "neither AccountKey nor SharedAccessSignature")]
    [InlineData("AccountName=me;AccountKey=" + Secret + "!", "AccountKey is not base64")]
    [InlineData("AccountName=me;AccountKey=", "AccountKey is not base64")]
    [InlineData("AccountName=me;AccountName=you", "AccountName is given twice")]
    [InlineData("BlobEndpoint=me:80;AccountKey=" + Secret, "BlobEndpoint is not an absolute http")]
    [InlineData("BlobEndpoint=http://me/;AccountKey=" + Secret, "AccountName is missing")]
    [InlineData("DefaultEndpointsProtocol=ftp;AccountName=me;AccountKey=" + Secret, "neither http nor https")]
    public void Connect_BadConnectionString_SaysWhichPart(string connectionString, string expected)
    {
        var fault = Assert.Throws<ArgumentException>(() => AzureBlobStore.Connect(connectionString, "swarm"));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://me.blob.core.windows.net/swarm?sv=2024&sig=" + Secret, "it is an address")]
    [InlineData("BlobEndpoint=https://me.blob.core.windows.net/?sig=" + Secret, "BlobEndpoint has a query")]
    [InlineData("BlobEndpoint=https://me.blob.core.windows.net/;SharedAccessSignature=sv=2024", "no 'sig='")]
    [InlineData("\"AccountName=me;AccountKey=" + Secret, "begins with a quotation mark")]
    [InlineData("AccountName=me;AccountKey=" + Secret + "'", "AccountKey has white space or a quotation mark")]
    [InlineData("AccountName=me;AccountKey=c2Vj " + Secret, "AccountKey has white space")]
    [InlineData("AccountName=me;AccountKey=c2Vj\n" + Secret, "AccountKey has white space")]
    public void Connect_CopiedWrongly_SaysWhichPart(string connectionString, string expected) =>
        Connect_BadConnectionString_SaysWhichPart(connectionString, expected);

    // As they come from .env files, shells, secrets made with echo, and web pages.
    [Theory]
    [InlineData(" {0}")]
    [InlineData("{0}\n")]
    [InlineData("{0}\r\n")]
    [InlineData("\"{0}\"")]
    [InlineData("'{0}' ")]
    [InlineData("\uFEFF{0}\u200B")]
    [InlineData("\u00A0{0};;")]
    public async Task Connect_WithSpacesOrQuotesAround_Works(string form)
    {
        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, azurite.ConnectionString);
        var store = AzureBlobStore.Connect(text, azurite.NewContainer());

        Assert.False((await store.CreateAsync("a", default, Stop)).IsRefused);
    }

    [Fact]
    public async Task Connect_WithSpacesAndQuotesAroundItsParts_Works()
    {
        var parts = azurite.ConnectionString.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2));
        var text = string.Join(" ;\n", parts.Select(part => $"{part[0]} = \"{part[1]}\""));
        var store = AzureBlobStore.Connect(text, azurite.NewContainer());

        Assert.False((await store.CreateAsync("a", default, Stop)).IsRefused);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    [InlineData("Swarm")]
    [InlineData("-swarm")]
    [InlineData("swarm--one")]
    public void Connect_BadContainer_Throws(string container) =>
        Assert.Throws<ArgumentException>(() => AzureBlobStore.Connect(azurite.ConnectionString, container));

    [Fact]
    public void Connect_BadSettings_NamesThemAll()
    {
        var options = new AzureBlobStoreOptions { NetworkTimeout = TimeSpan.Zero, ReadRetries = -1 };

        var fault = Assert.Throws<ArgumentException>(
            () => AzureBlobStore.Connect(azurite.ConnectionString, "swarm", options));

        Assert.Contains(nameof(options.NetworkTimeout), fault.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(options.ReadRetries), fault.Message, StringComparison.Ordinal);
    }
}
