using DroneHandoff.Options;

namespace DroneHandoff.Tests.Options;

/// <summary>What <c>--store</c> may be, and that no key is ever shown.</summary>
public sealed class DemoStoreTests
{
    [Theory]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net")]
    [InlineData("BlobEndpoint=http://127.0.0.1:10000/a;SharedAccessSignature=sv=2024&sig=c2VjcmV0")]
    [InlineData("UseDevelopmentStorage=true")]
    public void TryParse_ConnectionString_IsAzureAndHidesItsKey(string text)
    {
        var choice = DemoStore.TryParse(text, out var fault);

        Assert.Equal(new DemoStore(StoreKind.Azure, text), choice);
        Assert.Equal("", fault);
        Assert.Equal("azure", $"{choice}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("File")]
    [InlineData("AccountName")]
    [InlineData("a=b;c=d")]
    public void TryParse_AnythingElse_IsAFault(string text)
    {
        Assert.Null(DemoStore.TryParse(text, out var fault));
        Assert.Contains($"'{text}'", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AccountName=a;AccountKey", "part 2 of 2")]
    [InlineData("accountname=a;AcountKey=c2VjcmV0", "part 2 of 2")]
    [InlineData("https://a.blob.core.windows.net/swarm?sv=2024&sig=c2VjcmV0", "BlobEndpoint")]
    [InlineData("sv=2024&sig=c2VjcmV0", "part 1 of 1")]
    public void TryParse_ConnectionStringThatIsWrong_NamesThePartAndShowsNothing(string text, string expected)
    {
        Assert.Null(DemoStore.TryParse(text, out var fault));
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_SpacesAround_AreTakenOff() => Assert.Equal(StoreKind.File, DemoStore.TryParse(" file\n", out _)?.Kind);
}
