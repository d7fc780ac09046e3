using Azure.Storage.Blobs;

namespace Swarm.Storage.Azure;

/// <summary>Settings of an <see cref="AzureBlobStore"/>.</summary>
public sealed class AzureBlobStoreOptions
{
    /// <summary>
    /// Version of the service's interface. The default is old enough for the emulator, which refuses what is newer than
    /// itself, and has all that is used here.
    /// </summary>
    public BlobClientOptions.ServiceVersion ServiceVersion { get; set; } = BlobClientOptions.ServiceVersion.V2024_11_04;

    /// <summary>How long one request may stand still, 1 s or more. Default 30 s.</summary>
    public TimeSpan NetworkTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a read or a page of a listing is tried again, 0 to 10. Default 3. Writes never are.</summary>
    public int ReadRetries { get; set; } = 3;

    /// <summary>
    /// Whether a container that is missing is created by the first request; later ones never do. Default true; false for those who only look.
    /// </summary>
    public bool CreatesContainer { get; set; } = true;

    /// <summary>Checks all settings.</summary>
    /// <exception cref="ArgumentException">Some are out of range; the message names each.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (NetworkTimeout < TimeSpan.FromSeconds(1))
        {
            faults.Add($"{nameof(NetworkTimeout)} is {NetworkTimeout}, 1 s or more is needed");
        }

        if (ReadRetries is < 0 or > 10)
        {
            faults.Add($"{nameof(ReadRetries)} is {ReadRetries}, 0 to 10 are allowed");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException($"Bad settings of the Azure store: {string.Join("; ", faults)}.");
        }
    }
}
