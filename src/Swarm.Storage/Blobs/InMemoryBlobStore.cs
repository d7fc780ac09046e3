using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Swarm.Storage.Blobs;

/// <summary>Objects in the memory of this process, for tests and trials. Nothing survives the process. Thread-safe.</summary>
/// <remarks>It keeps the whole contract of <see cref="IBlobStore"/>, but that "durable" means until this object is gone.</remarks>
public sealed class InMemoryBlobStore : IBlobStore
{
    private readonly Dictionary<string, (byte[] Content, string ETag)> _objects = [];
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long _writes;

    /// <inheritdoc/>
    public Task<BlobWrite> CreateAsync(string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken) =>
        DoAsync(name, () => _objects.ContainsKey(name) ? default : Put(name, content), cancellationToken);

    /// <inheritdoc/>
    public Task<BlobWrite> ReplaceAsync(string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return DoAsync(name, () => Is(name, expected) ? Put(name, content) : default, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BlobRead> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return DoAsync(name, () =>
        {
            if (!_objects.TryGetValue(name, out var found))
            {
                return default;
            }

            var start = (int)Math.Min(offset, found.Content.Length);
            var count = Math.Min(found.Content.Length - start, destination.Length);
            found.Content.AsMemory(start, count).CopyTo(destination);
            return new BlobRead(count, found.Content.Length, found.ETag);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobNameRules.CheckPrefix(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        foreach (var item in List(prefix))
        {
            yield return item;
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken) =>
        DoAsync(name, () => Remove(name), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return DoAsync(name, () => Is(name, expected) && Remove(name), cancellationToken);
    }

    /// <summary>Every operation is short: it runs at once, and faults are those of its task.</summary>
    private async Task<T> DoAsync<T>(string name, Func<T> operation, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        lock (_lock)
        {
            return operation();
        }
    }

    private bool Is(string name, string etag) => _objects.TryGetValue(name, out var found) && found.ETag == etag;

    private BlobWrite Put(string name, ReadOnlySequence<byte> content)
    {
        var etag = (++_writes).ToString(CultureInfo.InvariantCulture);
        _objects[name] = (content.ToArray(), etag);
        _names.Add(name);
        return new BlobWrite(etag);
    }

    private bool Remove(string name) => _objects.Remove(name) && _names.Remove(name);

    private BlobItem[] List(string prefix)
    {
        lock (_lock)
        {
            return [.. _names.GetViewBetween(prefix, prefix + char.MaxValue).Select(name => new BlobItem(name, _objects[name].Content.Length))];
        }
    }
}
