using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Swarm.Core.Settings;
using Swarm.Storage.Blobs;
using AzureItem = Azure.Storage.Blobs.Models.BlobItem;
using BlobItem = Swarm.Storage.Blobs.BlobItem;

namespace Swarm.Storage.Azure;

/// <summary>A store in one container of Azure Blob Storage, or of its emulator Azurite.</summary>
/// <remarks>
/// <para>
/// Conditional writes and deletes are sent once: were the SDK to repeat a request whose answer was lost, one's own
/// success would come back as refused. A lost answer is a transient <see cref="BlobStoreException"/>; the caller
/// repeats the request, and where that is refused, compares nonces. Reads and listings are repeated by the SDK.
/// </para>
/// <para>
/// An object is one Put Blob, so whole or not at all. The container is created when the first request finds none, and never
/// again: one that is gone later was deleted, and with it what this process knows to be there. The account must have a flat namespace: a hierarchical one lists folders as objects.
/// </para>
/// </remarks>
public sealed class AzureBlobStore : IBlobStore
{
    /// <summary>Largest object, in bytes: what the service takes in one request.</summary>
    public const long MaxObjectBytes = 5_000L << 20;

    private readonly BlobContainerClient _retried;
    private readonly BlobContainerClient _once;
    private readonly bool _createsContainer;
    private volatile bool _hasAnswered;

    private AzureBlobStore(BlobContainerClient retried, BlobContainerClient once, bool createsContainer)
    {
        _retried = retried;
        _once = once;
        _createsContainer = createsContainer;
    }

    /// <summary>Account and container, for messages.</summary>
    public string Place => $"{_once.AccountName}/{_once.Name}";

    /// <summary>A store in a container. Sends nothing.</summary>
    /// <param name="connectionString">The account's connection string.</param>
    /// <param name="container">The container; it is created when it is missing.</param>
    /// <param name="options">Settings; the defaults where <see langword="null"/>.</param>
    /// <exception cref="ArgumentException">
    /// An argument is wrong; the message says which part of it, and never repeats a secret.
    /// </exception>
    public static AzureBlobStore Connect(
        string connectionString, string container, AzureBlobStoreOptions? options = null)
    {
        connectionString = AzureConnection.Read(connectionString);
        AzureConnection.CheckContainer(container);
        options ??= new AzureBlobStoreOptions();
        SettingRules.Require(options, nameof(options));
        try
        {
            return new AzureBlobStore(
                new BlobContainerClient(connectionString, container, ClientOptions(options, options.ReadRetries)),
                new BlobContainerClient(connectionString, container, ClientOptions(options, retries: 0)),
                options.CreatesContainer);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            // The cause is left out: it may repeat what it could not read.
            throw new ArgumentException(
                "The Azure SDK cannot read the connection string; copy it anew from the account's page.",
                nameof(connectionString));
        }
    }

    /// <summary>Whether a text was surely meant as a connection string, right or wrong: it may hold a secret, and is no path.</summary>
    /// <param name="text">What a user gave.</param>
    public static bool IsConnectionString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return AzureConnection.IsMeant(text);
    }

    /// <inheritdoc/>
    public Task<BlobWrite> CreateAsync(
        string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        return PutAsync("create", name, content, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        ArgumentException.ThrowIfNullOrEmpty(expected);
        return PutAsync(
            "replace", name, content, new BlobRequestConditions { IfMatch = new ETag(expected) }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BlobRead> ReadAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return SendAsync(
            "read", name, () => ReadCoreAsync(name, offset, destination, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        BlobNameRules.CheckPrefix(prefix);
        return ListCoreAsync(prefix, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        return SendAsync("delete", name, () => DeleteCoreAsync(name, null, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        ArgumentException.ThrowIfNullOrEmpty(expected);
        var conditions = new BlobRequestConditions { IfMatch = new ETag(expected) };
        return SendAsync("delete", name, () => DeleteCoreAsync(name, conditions, cancellationToken), cancellationToken);
    }

    private static BlobClientOptions ClientOptions(AzureBlobStoreOptions options, int retries)
    {
        var client = new BlobClientOptions(options.ServiceVersion);
        client.Retry.MaxRetries = retries;
        client.Retry.Mode = RetryMode.Exponential;
        client.Retry.Delay = TimeSpan.FromMilliseconds(200);
        client.Retry.MaxDelay = TimeSpan.FromSeconds(5);
        client.Retry.NetworkTimeout = options.NetworkTimeout;
        client.Diagnostics.IsLoggingContentEnabled = false;
        return client;
    }

    private Task<BlobWrite> PutAsync(
        string action,
        string name,
        ReadOnlySequence<byte> content,
        BlobRequestConditions conditions,
        CancellationToken cancellationToken)
    {
        if (content.Length > MaxObjectBytes)
        {
            throw new ArgumentException(
                $"'{name}' has {content.Length} bytes, an object up to {MaxObjectBytes}: split it.", nameof(content));
        }

        return SendAsync(action, name, PutCoreAsync, cancellationToken);

        async Task<BlobWrite> PutCoreAsync()
        {
            using var stream = new SequenceStream(content);
            var upload = new BlobUploadOptions
            {
                Conditions = conditions,
                TransferOptions = new StorageTransferOptions
                {
                    InitialTransferSize = MaxObjectBytes, // One Put Blob, never blocks and a commit.
                    MaximumConcurrency = 1,
                },
            };
            try
            {
                var response = await _once.GetBlockBlobClient(name)
                    .UploadAsync(stream, upload, cancellationToken).ConfigureAwait(false);
                return new BlobWrite(response.Value.ETag.ToString());
            }
            catch (RequestFailedException refused) when (IsRefusal(refused, isCreate: conditions.IfNoneMatch is not null))
            {
                return default;
            }
        }
    }

    private async Task<bool> DeleteCoreAsync(string name, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        try
        {
            var response = await _once.GetBlobClient(name)
                .DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions, cancellationToken).ConfigureAwait(false);
            return response.Value;
        }
        catch (RequestFailedException refused) when (refused.ErrorCode == BlobErrorCode.ConditionNotMet)
        {
            return false;
        }
    }

    private static bool IsRefusal(RequestFailedException failed, bool isCreate) =>
        failed.ErrorCode == BlobErrorCode.ConditionNotMet
        || (isCreate
            ? failed.ErrorCode == BlobErrorCode.BlobAlreadyExists
            : failed.ErrorCode == BlobErrorCode.BlobNotFound);

    private async Task<BlobRead> ReadCoreAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var blob = _retried.GetBlobClient(name);
        while (true)
        {
            try
            {
                if (!destination.IsEmpty)
                {
                    return await ReadRangeAsync(blob, offset, destination, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (RequestFailedException failed) when (failed.ErrorCode == BlobErrorCode.InvalidRange)
            {
                // The object ends at or before the offset: its properties are all there is to say.
            }
            catch (RequestFailedException failed) when (failed.ErrorCode == BlobErrorCode.BlobNotFound)
            {
                return default;
            }

            try
            {
                var properties = await blob.GetPropertiesAsync(null, cancellationToken).ConfigureAwait(false);
                if (destination.IsEmpty || properties.Value.ContentLength <= offset)
                {
                    return new BlobRead(0, properties.Value.ContentLength, properties.Value.ETag.ToString());
                }
            }
            catch (RequestFailedException failed) when (failed.ErrorCode == BlobErrorCode.BlobNotFound)
            {
                return default;
            }
        }
    }

    private static async Task<BlobRead> ReadRangeAsync(
        BlobClient blob, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var range = new BlobDownloadOptions { Range = new HttpRange(offset, destination.Length) };
        var response = await blob.DownloadStreamingAsync(range, cancellationToken).ConfigureAwait(false);
        using var download = response.Value;
        var length = LengthOf(download.Details);
        var wanted = (int)Math.Clamp(length - offset, 0, destination.Length);
        await download.Content.ReadExactlyAsync(destination[..wanted], cancellationToken).ConfigureAwait(false);
        return new BlobRead(wanted, length, download.Details.ETag.ToString());
    }

    // "bytes 0-9/100"; absent where the whole object was sent.
    private static long LengthOf(BlobDownloadDetails details)
    {
        var slash = details.ContentRange?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        return slash < 0
            ? details.ContentLength
            : long.Parse(details.ContentRange.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private async IAsyncEnumerable<BlobItem> ListCoreAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new GetBlobsOptions { Prefix = prefix };
        string? next = null;
        do
        {
            var after = next;
            var page = await SendAsync("list", prefix, () => PageAsync(options, after, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            foreach (var item in page.Values)
            {
                yield return new BlobItem(item.Name, item.Properties.ContentLength ?? 0);
            }

            next = page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(next));
    }

    private async Task<Page<AzureItem>> PageAsync(
        GetBlobsOptions options, string? after, CancellationToken cancellationToken)
    {
        await foreach (var page in _retried.GetBlobsAsync(options, cancellationToken).AsPages(after).ConfigureAwait(false))
        {
            return page;
        }

        return Page<AzureItem>.FromValues([], null, null!);
    }

    private async Task<T> SendAsync<T>(
        string action, string name, Func<Task<T>> send, CancellationToken cancellationToken)
    {
        var mayCreate = _createsContainer && !_hasAnswered;
        try
        {
            T answer;
            try
            {
                answer = await send().ConfigureAwait(false);
            }
            catch (RequestFailedException failed) when (failed.ErrorCode == BlobErrorCode.ContainerNotFound && mayCreate)
            {
                // Refused before anything took effect, so it may be sent again.
                await _once.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
                answer = await send().ConfigureAwait(false);
            }

            _hasAnswered = true;
            return answer;
        }
        catch (Exception exception) when (AzureFault.Is(exception, cancellationToken))
        {
            throw AzureFault.Of(exception, action, $"'{name}' in {Place}");
        }
    }
}
