using Azure.Storage.Blobs;
using Swarm.Core.Settings;

namespace Swarm.Storage.Azure;

/// <summary>Settings of an <see cref="AzureBlobStore"/>.</summary>
public sealed class AzureBlobStoreOptions
{
    /// <summary>
    /// Version of the service's interface. The default is old enough for the emulator, which refuses what is newer than
    /// itself, and has all that is used here.
    /// </summary>
    public BlobClientOptions.ServiceVersion ServiceVersion { get; set; } = BlobClientOptions.ServiceVersion.V2024_11_04;

    /// <summary>How long one request may stand still. 1 s to 1 h; default 30 s.</summary>
    [Setting("How long one request may stand still.", Min = "1s", Max = "1h")]
    public TimeSpan NetworkTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a read or a page of a listing is tried again, 0 to 10; default 3. Writes never are.</summary>
    [Setting("How often a read or a page of a listing is tried again.", Max = "10")]
    public int ReadRetries { get; set; } = 3;

    /// <summary>
    /// Whether a container that is missing is created by the first request; later ones never do. Default true; false for those who only look.
    /// </summary>
    public bool CreatesContainer { get; set; } = true;
}
