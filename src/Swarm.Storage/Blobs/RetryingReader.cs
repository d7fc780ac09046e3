using Swarm.Core.Contexts;

namespace Swarm.Storage.Blobs;

/// <summary>Reads with a few tries: reading again is always safe.</summary>
internal sealed class RetryingReader(IBlobStore store, TimeProvider time, StorageMetrics? metrics = null)
{
    private int _faults;

    /// <summary>Tries that failed so far.</summary>
    public int Faults => Volatile.Read(ref _faults);

    /// <summary>Reads a range, see <see cref="IBlobStore.ReadAsync"/>.</summary>
    /// <exception cref="BlobStoreException">Every try failed, or the fault will not pass.</exception>
    public Task<BlobRead> ReadAsync(string name, long offset, Memory<byte> destination) => time.RetryAsync(
        () => store.ReadAsync(name, offset, destination, CancellationToken.None),
        metrics,
        () => Interlocked.Increment(ref _faults));

    /// <summary>Opens the file of an object, see <see cref="IFileBackedBlobStore.TryOpenAsync"/>.</summary>
    /// <returns><see langword="null"/> also where the store is not made of files.</returns>
    public Task<KvFile?> TryOpenAsync(string name, long offset, int length) =>
        store is IFileBackedBlobStore files ? files.TryOpenAsync(name, offset, length) : Task.FromResult<KvFile?>(null);

    /// <summary>Reads a whole small object.</summary>
    /// <param name="name">The object.</param>
    /// <param name="expectedBytes">Its length if known; a longer object is read whole as well.</param>
    /// <param name="maxBytes">Longest object that is read.</param>
    /// <returns>The bytes with the ETag, or <see langword="null"/> bytes when missing.</returns>
    public async Task<(byte[]? Content, string? ETag)> ReadWholeAsync(string name, int expectedBytes, int maxBytes)
    {
        var buffer = new byte[expectedBytes];
        while (true)
        {
            var read = await ReadAsync(name, 0, buffer);
            if (read.IsMissing)
            {
                return (null, null);
            }

            if (read.Length == read.Count)
            {
                Array.Resize(ref buffer, read.Count);
                return (buffer, read.ETag);
            }

            if (read.Length > maxBytes)
            {
                throw new Format.Objects.CorruptObjectException(
                    $"{name} has {read.Length} bytes; at most {maxBytes} are possible.");
            }

            buffer = new byte[read.Length]; // Read again whole, so that all bytes are of one version.
        }
    }
}
