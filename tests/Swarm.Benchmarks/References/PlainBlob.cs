using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Swarm.Benchmarks.Paths;

namespace Swarm.Benchmarks.References;

/// <summary>One blob, moved by the plain SDK in parallel pieces.</summary>
internal sealed class PlainBlob
{
    private static readonly StorageTransferOptions _transfer = new()
    {
        MaximumConcurrency = 8,
        InitialTransferSize = 8 << 20,
        MaximumTransferSize = 8 << 20,
    };

    private readonly BlobClient _blob;

    /// <summary>Connects.</summary>
    public PlainBlob(string connectionString)
    {
        var container = new BlobContainerClient(connectionString, "plain");
        container.CreateIfNotExists();
        _blob = container.GetBlobClient("blob");
    }

    /// <summary>Uploads all of it.</summary>
    public async Task UploadAsync(KvMemory source)
    {
        await using var stream = source.OpenStream(FileAccess.Read);
        await _blob.UploadAsync(stream, new BlobUploadOptions { TransferOptions = _transfer });
    }

    /// <summary>Downloads all of it.</summary>
    public async Task DownloadAsync(KvMemory destination)
    {
        await using var stream = destination.OpenStream(FileAccess.Write);
        await _blob.DownloadToAsync(stream, new BlobDownloadToOptions { TransferOptions = _transfer });
    }
}
