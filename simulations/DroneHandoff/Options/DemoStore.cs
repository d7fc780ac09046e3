using Swarm.Storage.Azure;

namespace DroneHandoff.Options;

/// <summary>The value of <c>--store</c>.</summary>
/// <param name="Kind">Which store.</param>
/// <param name="ConnectionString">For <see cref="StoreKind.Azure"/>; holds a key, never shown.</param>
internal sealed record DemoStore(StoreKind Kind, string ConnectionString = "")
{
    /// <summary>Reads the option's value.</summary>
    /// <param name="text">What the user gave.</param>
    /// <param name="fault">What is wrong with it, or empty.</param>
    /// <returns>The choice, or <see langword="null"/> with a fault.</returns>
    public static DemoStore? TryParse(string text, out string fault)
    {
        fault = "";
        switch (text.Trim())
        {
            case "file":
                return new DemoStore(StoreKind.File);
            case "azurite":
                return new DemoStore(StoreKind.Azurite);
            case var _ when AzureBlobStore.IsConnectionString(text):
                return TryParseAzure(text, out fault);
            default:
                fault = $"--store '{text}' is neither 'file', 'azurite' nor an Azure Storage connection string such as "
                    + "'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…'.";
                return null;
        }
    }

    /// <summary>Name of the store for reports, without its key.</summary>
    public override string ToString() => Kind switch
    {
        StoreKind.File => "file",
        StoreKind.Azurite => "azurite",
        _ => "azure",
    };

    private static DemoStore? TryParseAzure(string text, out string fault)
    {
        try
        {
            AzureBlobStore.Connect(text, "swarm"); // Sends nothing.
            fault = "";
            return new DemoStore(StoreKind.Azure, text);
        }
        catch (ArgumentException exception)
        {
            fault = $"--store: {exception.Message}";
            return null;
        }
    }
}
