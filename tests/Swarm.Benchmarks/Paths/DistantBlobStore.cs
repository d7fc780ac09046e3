using System.Buffers;
using System.Threading.RateLimiting;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;

namespace Swarm.Benchmarks.Paths;

/// <summary>A store behind a far link: each operation takes 20 ms, 100 of them begin in a second, 200 MB/s pass in all.</summary>
/// <param name="inner">Where objects are; disposed of with this.</param>
internal sealed class DistantBlobStore(FileBlobStore inner) : IBlobStore, IDisposable
{
    private const double BytesPerSecond = 200e6;

    private static readonly TimeSpan _latency = TimeSpan.FromMilliseconds(20);

    private readonly TokenBucketRateLimiter _operations = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = 10,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromMilliseconds(10),
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private readonly Lock _link = new();
    private long _linkFreeAt;

    /// <inheritdoc/>
    public async Task<BlobWrite> CreateAsync(string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        await TravelAsync(content.Length);
        return await inner.CreateAsync(name, content, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken)
    {
        await TravelAsync(content.Length);
        return await inner.ReplaceAsync(name, content, expected, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<BlobRead> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(name, offset, destination, cancellationToken);
        await TravelAsync(read.Count);
        return read;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobItem> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await TravelAsync(0);
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
        {
            yield return item;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await TravelAsync(0);
        return await inner.DeleteAsync(name, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken)
    {
        await TravelAsync(0);
        return await inner.DeleteAsync(name, expected, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _operations.Dispose();
        inner.Dispose();
    }

    private async Task TravelAsync(long bytes)
    {
        using var _ = await _operations.AcquireAsync();
        var now = TimeProvider.System.GetTimestamp();
        var needed = (long)(bytes / BytesPerSecond * TimeProvider.System.TimestampFrequency);
        long arrives;
        lock (_link)
        {
            arrives = _linkFreeAt = Math.Max(_linkFreeAt, now) + needed;
        }

        await Task.Delay(_latency + TimeProvider.System.GetElapsedTime(now, arrives));
    }
}
